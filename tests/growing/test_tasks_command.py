"""`asyncgen tasks`: what the files say, and nothing imported."""

import json
from pathlib import Path

from asyncgen.check import run as check
from asyncgen.cli.tasks import fitted

from .commands import asyncgen


def test_the_table(service: Path) -> None:
    asyncgen("add-task", "nightly", "--every", "0 3 * * *", "--rate-limit", "10/m", "--idempotency", "natural")
    lines = asyncgen("tasks").out.splitlines()
    head = "task queue limits retries idempotency key schedule next run (UTC) file written"
    assert " ".join(lines[0].split()) == head
    assert lines[1].startswith("nightly       DEFAULT  20/30 s, 10/m  5        natural        -        0 3 * * *  ")
    assert " 03:00:00  src/shop/tasks/nightly.py:" in lines[1]
    assert lines[2].split()[:7] == ["send_welcome", "DEFAULT", "20/30", "s", "5", "transactional", "user_id"]
    assert [line.split()[-1] for line in lines[1:]] == ["no", "no"]


def test_a_narrow_terminal_gets_the_table_without_what_can_be_spared() -> None:
    rows: list[tuple[str, ...]] = [
        ("task", "retries", "next run (UTC)", "file"),
        ("nightly", "5", "2026-01-31 03:00:00", "src/nightly.py"),
    ]
    heads = {width: " ".join(fitted(rows, width)[0]) for width in (70, 50, 20, 1)}
    assert heads == {
        70: "task retries next run (UTC) file",
        50: "task retries next run (UTC)",
        20: "task retries",
        1: "task",
    }


def test_json(service: Path) -> None:
    asyncgen("add-task", "fetch", "--arg", "kind:enum[a,b]", "--key", "kind", "--idempotency", "lease")
    (row,) = [row for row in json.loads(asyncgen("tasks", "--json").out) if row["task"] == "fetch"]
    assert row["arguments"] == ['kind:Literal["a", "b"]']
    assert (row["queue"], row["key"], row["max_retries"], row["time_limit"]) == ("DEFAULT", ["kind"], 5, 30)
    assert (row["every"], row["next_run"], row["written"]) == (None, None, False)


def test_a_task_is_written_once_its_work_is_another(service: Path) -> None:
    path = service / "src/shop/tasks/send_welcome.py"
    text = path.read_text()
    line = next(line for line in text.splitlines() if "is not written yet" in line)
    for body, written in ((line, False), (f"{line}\n    logger.info('more')", True), ("    print(user_id)", True)):
        path.write_text(text.replace(line, body))
        assert json.loads(asyncgen("tasks", "--json").out)[0]["written"] is written


def test_the_check_fails_on_unwritten_tasks_where_that_rule_is_selected(service: Path) -> None:
    import io

    def codes(*select: str) -> list[str]:
        out = io.StringIO()
        check([service], select=select, format="json", stdout=out, stderr=io.StringIO())
        return [finding["code"] for finding in json.loads(out.getvalue())["findings"]]

    assert codes() == []
    assert codes("unwritten-work") == ["ACG117"]
    path = service / "src/shop/tasks/send_welcome.py"
    path.write_text(path.read_text().replace('"send_welcome is not written yet', '"welcome'))
    assert codes("unwritten-work") == []


def test_mermaid_shows_queues_tasks_and_workflows(service: Path) -> None:
    asyncgen("add-task", "first", "--arg", "order_id:int")
    asyncgen("add-task", "second", "--arg", "order_id:int")
    asyncgen("add-workflow", "both", "--chain", "first,second")
    lines = asyncgen("tasks", "--mermaid").out.splitlines()
    assert lines[0] == "flowchart LR"
    for line in (
        "beat([beat])",
        "publisher --> bulk[[bulk]]",
        "bulk --> worker_bulk(worker, runs of up to 1500 s)",
        "worker_default --- task_first[first]",
        "task_first == both ==> task_second",
    ):
        assert f"    {line}" in lines


def test_the_readme_shows_the_part_without_tasks(service: Path) -> None:
    shown = (service / "README.md").read_text().partition("```mermaid\n")[2].partition("```")[0].splitlines()
    printed = asyncgen("tasks", "--mermaid").out.splitlines()
    assert [line for line in printed if "task_" not in line] == shown


def test_a_file_that_is_no_python_is_one_sentence(service: Path) -> None:
    (service / "src/shop/tasks/broken.py").write_text("def (\n")
    ran = asyncgen("tasks")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("asyncgen: expected src/shop/tasks/broken.py to be Python, got: ")
    assert ran.err.count("\n") == 1


def test_a_task_that_a_person_wrote_is_listed_with_what_it_says(service: Path) -> None:
    (service / "src/shop/tasks/mine.py").write_text(
        "from celery import shared_task\n\n\n@shared_task(time_limit=LIMIT)\ndef mine(self, x): ...\n"
    )
    (row,) = [row for row in json.loads(asyncgen("tasks", "--json").out) if row["task"] == "mine"]
    assert (row["queue"], row["time_limit"], row["arguments"], row["written"]) == (None, None, ["x:"], True)
    assert "mine" in asyncgen("tasks").out
