"""What `new` and `add-task` ask in a terminal: how many questions, in which words, and what each answer leads to."""

import os
import re
import shutil
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from asyncgen.cli import progress
from tests.support import Ran, commit, git, write

pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")

from tests.terminal import CTRL_C, terminal  # noqa: E402

ROOT = Path(__file__).parents[2]
Asyncgen = Callable[..., Ran]
QUESTIONS = {
    name: details
    for name, details in yaml.safe_load((ROOT / "copier.yml").read_text()).items()
    if not name.startswith("_") and details.get("when") is not False and name != "subfolder"
}
"""Those of `new`, but for the one that the place of the folder answers."""
WHO = {"author_name", "author_email"}
ANSWERS = ".copier-answers.yml"
TASK, TEST = "src/shop/tasks/send_invoice.py", "tests/tasks/test_send_invoice.py"
HEADING = re.compile(r"(?m)^(\d+) of (\d+)  ")
SUMMARY = """\
shop: Web Shop, in the package shop
  by Ann <ann@example.org>
  (another one: --author-name, --author-email)

  src/shop/tasks/
  src/shop/queues.py    The queue table
  src/shop/settings.py
  README.md
  and 3 more files

  publishers, beat -> rabbitmq -> critical -> its workers: 30 s at most
  publishers, beat -> rabbitmq -> default  -> its workers: 300 s at most
  publishers, beat -> rabbitmq -> bulk     -> its workers: 1500 s at most
  keys of finished work: redis, results: postgresql

It needs:
  redis-server     on PATH
  rabbitmq-server  not on PATH: without it no demo, and tests skip
  postgres         not on PATH: SQLite stands in for demo and tests
  docker           not on PATH: for compose alone
  uv               not on PATH: make lock brings it

Write it? [Y/n]: """


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("ASYNCGEN_HOME", os.environ["HOME"])
    # What a forked process would import, it has.
    __import__("copier._main")


def answers(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / ANSWERS).read_text())
    return loaded


def numbers(shown: str) -> list[tuple[str, str]]:
    return HEADING.findall(shown)


def identity(name: str) -> None:
    Path(os.environ["HOME"], ".gitconfig").write_text(f"[user]\nname = {name}\nemail = {name}@example.org\n")


def test_enter_all_the_way_takes_the_defaults(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    with terminal("new", "shop") as at:
        *asked, confirmed = at.answer([])
    assert at.code == 0, at.shown
    assert numbers(at.shown) == [(str(n), str(len(QUESTIONS))) for n in range(1, len(QUESTIONS) + 1)]
    for text, details in zip(asked, QUESTIONS.values(), strict=True):
        assert details["help"] in text
        for label, value in details.get("choices", {}).items():
            assert re.search(rf"(?m)^  \d  {value} +{re.escape(label.removeprefix(f'{value}: '))}$", text)
    assert confirmed.endswith("Write it? [Y/n]: ")
    assert "\x1b" not in at.shown
    lines = at.shown.partition("\nMade ")[0].splitlines()
    assert [line for line in lines if len(line.rpartition("\r")[2]) > 80] == []
    assert asyncgen("new", "other", "--defaults").code == 0
    chosen, usual = answers(workdir / "shop"), answers(workdir / "other")
    assert chosen | {"service_name": "", "package": ""} == usual | {"service_name": "", "package": ""}


def test_the_package_is_shown_as_it_follows_from_the_name(template: Path, workdir: Path) -> None:
    with terminal("new", "shop", "--preset", "minimal") as at:
        asked = at.answer(["Web Shop"])
    assert asked[1].endswith("package [web_shop]: ")
    assert answers(workdir / "shop")["package"] == "web_shop"


def test_colour_is_for_terminals_that_want_it(template: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    with terminal("new", "shop") as at:
        assert f"\x1b[1m1 of {len(QUESTIONS)}  The service's name, as people write it\x1b[0m" in at.prompt()
    monkeypatch.delenv("TERM")
    with terminal("new", "shop") as at:
        assert f"\n1 of {len(QUESTIONS)}  The service's name, as people write it" in at.prompt()


@pytest.mark.parametrize("at_question", range(len(QUESTIONS) + 1))
def test_ctrl_c_at_each_question_leaves_nothing(template: Path, workdir: Path, at_question: int) -> None:
    with terminal("new", "shop") as at:
        at.answer([""] * at_question + [CTRL_C])
    assert at.code == 130
    assert at.shown.endswith("\nasyncgen: interrupted; what was not finished is undone\n")
    assert len(numbers(at.shown)) == min(at_question + 1, len(QUESTIONS))
    assert os.listdir(workdir) == []


def test_a_no_writes_nothing(template: Path, workdir: Path) -> None:
    with terminal("new", "shop", "--preset", "minimal", "--package", "shop") as at:
        asked = at.answer(["", "", "", "n"])
    assert at.code == 130
    assert asked[-1].endswith("Write it? [Y/n]: ")
    assert os.listdir(workdir) == []


def test_an_answer_is_a_value_or_its_number_and_a_wrong_one_is_asked_again(template: Path, workdir: Path) -> None:
    typed = ["Bad Name!", "Web Shop", "9shop", "web", "Ann", "ann@example.org", "rabbit", "2", "9", "latency"]
    typed += ["", "", "maybe", "y", "gitlab", "", "kubernetes, compose", "1 3"]
    with terminal("new", "shop") as at:
        asked = at.answer(typed)
    assert at.code == 0, at.shown
    shown = " ".join(asked)
    for sentence in (
        "  expected service_name to be 1 to 40 letters",
        '  expected package to be 1 to 20 lowercase letters, digits or "_" that begin with a letter, got: 9shop',
        "  expected broker to be redis or rabbitmq, got: rabbit; did you mean rabbitmq?",
        "  expected queue_layout to be single, priority or latency, got: 9",
        "  expected y or n, got: maybe",
    ):
        assert sentence in shown
    made = answers(workdir / "shop")
    assert (made["service_name"], made["package"], made["author_name"]) == ("Web Shop", "web", "Ann")
    assert (made["broker"], made["queue_layout"], made["scheduler"], made["ci"]) == (
        "rabbitmq",
        "latency",
        True,
        "gitlab",
    )
    assert (made["deploy"], made["observe"]) == (["compose", "kubernetes"], ["metrics", "sentry"])


def test_what_another_project_does_not_answer_is_asked(template: Path, workdir: Path) -> None:
    asyncgen_answers = {name: details["default"] for name, details in QUESTIONS.items() if name != "deploy"}
    (workdir / "other.yml").write_text(yaml.safe_dump(asyncgen_answers | {"package": "other", "author_name": "Bo"}))
    with terminal("new", "shop", "--like", "other.yml") as at:
        asked = at.answer(["", "", "Ann", "", "none"])
    who = ["service_name", "package", "author_name", "author_email"]
    assert labels(asked) == [*who, "deploy, one or more or none", "Write it?"]
    made = answers(workdir / "shop")
    assert (made["package"], made["author_name"], made["deploy"]) == ("shop", "Ann", [])


def test_the_author_is_gits_else_the_one_of_the_last_time(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    with terminal("new", "first", "--preset", "minimal") as at:
        assert len(at.answer(["", "", "Ann", "ann@example.org"])) == 5
    with terminal("new", "second", "--preset", "minimal") as at:
        assert len(at.answer([])) == 3
    assert answers(workdir / "second")["author_name"] == "Ann"
    assert "\n  by Ann <ann@example.org>\n" in at.shown
    identity("bo")
    with terminal("new", "third", "--preset", "minimal") as at:
        assert len(at.answer([])) == 3
    assert answers(workdir / "third")["author_email"] == "bo@example.org"
    ran = asyncgen("new", "fourth", "--defaults")
    assert (answers(workdir / "fourth")["author_name"], ran.err) == ("bo", "")


def test_half_an_identity_is_asked_for_the_other_half(template: Path, workdir: Path) -> None:
    Path(os.environ["HOME"], ".gitconfig").write_text("[user]\nname = Bo\n")
    with terminal("new", "shop", "--preset", "minimal") as at:
        asked = at.answer(["", "", "bo@example.org"])
    assert asked[2].endswith("author_email: ")
    made = answers(workdir / "shop")
    assert (made["author_name"], made["author_email"]) == ("Bo", "bo@example.org")


def test_a_folder_whose_name_is_no_default_says_why(template: Path, workdir: Path) -> None:
    with terminal("new", "2shop", "--preset", "minimal") as at:
        first = at.prompt()
        at.type(CTRL_C)
        assert at.prompt() == ""
    assert "got: 2shop; use Service 2shop\nservice_name: " in first


def test_where_there_is_one_choice_there_is_no_list(template: Path, workdir: Path) -> None:
    text = (template / "copier.yml").read_text()
    for line in ('    "gitlab: GitLab CI": gitlab\n', '    "none: no pipeline": none\n'):
        text = text.replace(line, "")
    text = re.sub(r'    "kubernetes: [^"]*": kubernetes\n', "", text)
    write(template, {"copier.yml": text})
    commit(template, "Release 0.2.0")
    with terminal("new", "shop") as at:
        asked = at.answer([""] * (len(QUESTIONS) - 2) + ["n"])
    assert at.code == 0, at.shown
    assert not [text for text in asked if text.endswith("ci [github]: ")]
    assert numbers(at.shown)[-1] == (str(len(QUESTIONS) - 1),) * 2
    (deploy,) = [text for text in asked if "What it is deployed with" in text]
    assert deploy.endswith("for each queue [Y/n]: ")
    assert answers(workdir / "shop")["ci"] == "github"


def test_a_template_that_would_run_code_is_refused_before_any_question(template: Path, workdir: Path) -> None:
    with (template / "copier.yml").open("a") as file:
        file.write("_jinja_extensions: [evil.Extension]\n")
    commit(template, "Release 0.2.0")
    with terminal("new", "shop") as at:
        assert at.answer([]) == []
    assert at.code == 2
    assert "unsafe feature: jinja_extensions" in at.shown


def test_a_question_controls_no_terminal(template: Path, workdir: Path) -> None:
    with (template / "copier.yml").open("a") as file:
        file.write(
            'flavor: {help: "Its \\e[2Jtaste", choices: {"sweet: \\e[2Jcake": sweet, salt: salt}, default: salt}\n'
        )
    commit(template, "Release 0.2.0")
    with terminal("new", "shop") as at:
        at.answer([])
    assert "Its [2Jtaste\n  1  sweet  [2Jcake\n  2  salt   salt\nflavor [salt]: " in at.shown
    assert "\x1b" not in at.shown


def test_the_summary_comes_before_anything_is_written(
    template: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = workdir.parent / "programs"
    write(programs, {"redis-server": "#!/bin/sh\n"})
    (programs / "redis-server").chmod(0o755)
    (programs / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(programs))
    options = ["--preset", "rabbitmq-priority", "--scheduler", "--results", "postgresql", "--author-name", "Ann"]
    with terminal("new", "shop", *options, "--author-email", "ann@example.org", "--service-name", "Web Shop") as at:
        at.prompt()
        at.type("shop")
        asked = at.prompt()
        assert not (workdir / "shop").exists()
        at.type("")
        assert at.prompt() == ""
    assert asked.rpartition("\r")[2].partition("\n")[2] == SUMMARY
    assert at.code == 0
    assert (workdir / "shop").is_dir()
    assert "\n  make test\n  asyncgen add-task" in at.shown  # no demo: there is no RabbitMQ


def test_a_step_that_takes_its_time_is_shown_while_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = threading.Event()

    class Screen(StringIO):
        def isatty(self) -> bool:
            return True

        def flush(self) -> None:
            shown.set()

    monkeypatch.setattr("sys.stderr", screen := Screen())
    with progress.step("Rendering"):
        assert shown.wait(60)
        assert screen.getvalue() == "Rendering ..."
    assert screen.getvalue() == "Rendering ...\r             \r"
    with progress.step("Another"):
        pass
    assert "Another" not in screen.getvalue()


def test_without_a_terminal_no_step_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", stream := StringIO())
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    before = threading.active_count()
    with progress.step("Rendering"):
        assert threading.active_count() == before
    assert stream.getvalue() == ""


def test_an_update_asks_what_is_new_in_the_same_way(template: Path, service: Path) -> None:
    question = "flavor:\n  type: str\n  help: Its taste\n  choices: {'sweet: cake': sweet, 'salt: chips': salt}\n"
    with (template / "copier.yml").open("a") as file:
        file.write(f"{question}  default: sweet\n")
    commit(template, "Release 0.2.0")
    with terminal("update", "--no-verify") as at:
        (asked,) = at.answer(["2"])
    assert at.code == 0, at.shown
    assert asked.endswith("1 of 1  Its taste\n  1  sweet  cake\n  2  salt   chips\nflavor [sweet]: ")
    assert answers(service)["flavor"] == "salt"


def labels(asked: list[str]) -> list[str]:
    return [re.sub(r"(?s).*\n", "", text).partition(" [")[0].rstrip(": ") for text in asked]


def untracked(service: Path) -> list[str]:
    return git(service, "status", "--porcelain").splitlines()


def single(service: Path) -> None:
    """Leave one queue in the table, as most services have."""
    table = service / "src/shop/queues.py"
    table.write_text(re.sub(r"    (CRITICAL|BULK) = .*\n", "", table.read_text()))
    commit(service)


def test_four_enters_add_a_task(service: Path, asyncgen: Asyncgen) -> None:
    single(service)
    with terminal("add-task", "send_invoice") as at:
        asked = at.answer([])
    assert at.code == 0, at.shown
    assert labels(asked) == ["idempotency", "arguments", "failure", "seconds"]
    assert numbers(at.shown) == [("1", "4"), ("2", "4"), ("3", "4"), ("4", "4")]
    assert [line for line in at.shown.splitlines() if len(line) > 80] == []
    made = (service / TASK).read_text()
    assert asyncgen("remove-task", "send_invoice").code == 0
    assert asyncgen("add-task", "send_invoice", "--defaults").code == 0
    assert (service / TASK).read_text() == made


def test_it_ends_with_the_lines_that_are_yours(service: Path) -> None:
    with terminal("add-task", "send_invoice") as at:
        at.answer([])
    lines = (service / TASK).read_text().splitlines()
    number = int(re.search(rf"(?m)^{TASK}:(\d+)$", at.shown)[1])  # type: ignore[index]
    assert lines[number - 1].startswith('    logger.info("send_invoice is not written yet')
    assert f"  {number - 2:>4}  {lines[number - 3]}\n  {number - 1:>4}  {lines[number - 2]}\n" in at.shown
    test = (service / TEST).read_text().splitlines()
    marked = [number for number, line in enumerate(test, 1) if "# Yours: " in line]
    assert len(marked) == 2
    assert f"\n{TEST}:{marked[0]}\n" in at.shown
    assert [f"  {number:>4}  {test[number - 1]}"[:77] in at.shown for number in marked] == [True, True]


@pytest.mark.parametrize(
    ("options", "typed", "expected"),
    [
        ([], ["at-most-once"], ["idempotency", "arguments", "seconds, and the queue"]),
        (["--idempotency", "natural"], [], ["arguments", "failure", "seconds, and the queue"]),
        (["--arg", "none", "--queue", "bulk"], [], ["idempotency", "failure", "seconds"]),
        (["--max-retries", "2", "--expected", "5"], [], ["idempotency", "arguments"]),
        ([], ["", "", "never"], ["idempotency", "arguments", "failure", "seconds, and the queue"]),
        ([], ["", "", "outage", "pay"], ["idempotency", "arguments", "failure", "circuit", "seconds, and the queue"]),
        (
            [],
            ["", "", "other", "smtplib.SMTPException", "3"],
            [
                *("idempotency", "arguments", "failure", "MODULE.EXCEPTION, commas between", "retries"),
                "seconds, and the queue",
            ],
        ),
    ],
)
def test_only_what_the_answers_make_necessary_is_asked(
    service: Path, options: list[str], typed: list[str], expected: list[str]
) -> None:
    with terminal("add-task", "send_invoice", *options) as at:
        asked = at.answer(typed)
    assert at.code == 0, at.shown
    assert labels(asked) == expected


def test_a_scheduled_task_gets_no_arguments(service: Path) -> None:
    write(service, {ANSWERS: (service / ANSWERS).read_text().replace("scheduler: false", "scheduler: true")})
    with terminal("add-task", "purge_sessions", "--every", "30s") as at:
        asked = at.answer([])
    assert labels(asked) == ["idempotency", "failure", "seconds, and the queue"]
    assert (
        "def purge_sessions(self: ServiceTask) -> None:" in (service / "src/shop/tasks/purge_sessions.py").read_text()
    )


def test_a_schedule_that_cannot_run_is_refused_before_any_question(service: Path) -> None:
    with terminal("add-task", "purge_sessions", "--every", "30s") as at:
        assert at.answer([]) == []
    assert at.code == 2
    assert "expected a service that runs a scheduler" in at.shown


@pytest.mark.parametrize("at_question", range(4))
def test_ctrl_c_at_each_question_adds_nothing(service: Path, at_question: int) -> None:
    with terminal("add-task", "send_invoice") as at:
        at.answer([""] * at_question + [CTRL_C])
    assert at.code == 130
    assert untracked(service) == []


def test_the_four_questions_are_asked_until_the_answer_holds(service: Path) -> None:
    typed = ["transactional", "leese", "lease", "a:int,a:str", "invoice_id:int:key,total:Decimal", "5", "outage"]
    typed += ["Payments API", "payments", "60 critical", "60 bulk"]
    with terminal("add-task", "send_invoice") as at:
        asked = at.answer(typed)
    assert at.code == 0, at.shown
    shown = "".join(asked)
    for sentence in (
        "since transactional commits the key with the effect",
        "expected one of lease, at-most-once, natural, got: leese",
        "expected each argument once, got: a twice",
        "expected one of retry, other, outage, never, got: 5",
        "got: Payments API; use payments_api",
        "got: 180 s; use --queue DEFAULT",
    ):
        assert sentence in shown
    text = (service / TASK).read_text()
    assert "def send_invoice(self: ServiceTask, invoice_id: int, total: Decimal) -> None:" in text
    for option in (
        "work_queue=Queue.BULK",
        'idempotency="lease"',
        'key=("invoice_id",)',
        "max_retries=5",
        "soft_time_limit=120",
        "time_limit=180",
        'breaker="payments"',
    ):
        assert f"    {option},\n" in text


def test_the_modes_are_those_of_the_store(service: Path) -> None:
    answer_file = service / ANSWERS
    stored = answer_file.read_text().replace("idempotency_store: redis", "idempotency_store: postgresql")
    with terminal("add-task", "send_invoice") as at:
        assert "transactional" not in at.prompt()
        at.type(CTRL_C)
        assert at.prompt() == ""
    answer_file.write_text(stored)
    with terminal("add-task", "send_invoice") as at:
        assert re.search(r"  1  transactional  exactly once: .*\n(.*\n)*idempotency \[transactional\]: $", at.prompt())
        at.type(CTRL_C)
        assert at.prompt() == ""
