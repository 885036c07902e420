"""The commands of a service that ask no server; the others run beside a worker."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result

from runtime import PayloadError, ServiceTask
from runtime.cli import group, health, main
from runtime.cli.send import send
from runtime.probe import main as probe
from runtime.probe import write
from runtime.settings import settings
from runtime.testing.app import load_app

from .service.app import app
from .service.queues import Queue


def called(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments, obj=load_app)


def test_every_command_explains_itself() -> None:
    listed = called("--help").output
    for name in (
        "beat",
        "contract",
        "dead",
        "doctor",
        "health",
        "migrate",
        "purge",
        "queues",
        "relay",
        "send",
        "status",
        "top",
        "worker",
    ):
        assert f"\n  {name} " in listed
        assert called(name, "--help").output.startswith(f"Usage: runtime {name} ")
    lines = (listed + called("dead", "--help").output).splitlines()
    assert not [line for line in lines if line.endswith("...") and not line.startswith("Usage:")]
    assert called("unheard").exit_code == 2


def test_process_1_of_a_container_is_ended_by_sigterm_while_it_imports_the_application(tmp_path: Path) -> None:
    (tmp_path / "stopped.py").write_text("import signal\nsignal.raise_signal(signal.SIGTERM)\n")
    starts = "import os, sys; os.getpid = lambda: 1; from runtime import cli; cli.main('stopped')"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    # By the system's own action it would be -15, which the kernel withholds from process 1.
    done = subprocess.run([sys.executable, "-c", starts, "worker"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


def test_an_error_on_purpose_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["runtime", "send", "unheard", "{}"])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("runtime: expected the name of one task (calls, double, effect")
    assert printed.err.endswith("got: unheard; correct the name\n")


def test_a_broker_in_memory_has_no_server_to_ask() -> None:
    found = {finding["subject"]: finding for finding in json.loads(called("doctor", "--json").output)}
    assert found["broker"]["ok"]
    assert not any(subject.startswith("redis ") for subject in found)
    assert "expected RUNTIME_BROKER_URL to begin with redis://" in str(called("top", "--once").exception)


def test_the_queue_table_is_listed() -> None:
    rows = json.loads(called("queues", "--json").output)
    assert [row["queue"] for row in rows] == [queue.value.name for queue in Queue]
    assert rows[0] == {
        "queue": "short",
        "wire_name": "runtime.short",
        "max_runtime": 10,
        "pool": "prefork",
        "concurrency": 2,
        "prefetch": 1,
        "grace_period": 30,
    }
    assert called("queues").output.splitlines()[1].split() == ["short", "10", "s", "prefork", "2", "1", "30", "s"]


def test_what_was_migrated_is_not_migrated_again_and_nothing_is_over() -> None:
    called("migrate")
    assert called("migrate").output == "nothing to apply\n"
    assert called("purge").output == "0 deleted\n"


@pytest.fixture
def heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The heartbeat file of this test."""
    file = tmp_path / "heartbeat"
    monkeypatch.setattr(health, "settings", lambda: settings().model_copy(update={"heartbeat_file": file}))
    monkeypatch.setenv("RUNTIME_HEARTBEAT_FILE", str(file))
    return file


@pytest.mark.parametrize(
    ("live_for", "ready_for", "faults", "live", "ready", "said"),
    [
        (9, 9, [], 0, 0, "ready"),
        (9, -1, ["it is deaf", "its pool hangs"], 0, 1, "alive, not ready: it is deaf; its pool hangs"),
        (-1, -1, ["it is deaf"], 1, 1, "not alive: it is deaf"),
        (-30, -40, [], 1, 1, "not alive: the last heartbeat was good until 40 s ago"),
        (-1, 9, ["it is deaf"], 1, 1, "not alive: it is deaf"),
    ],
)
def test_health_and_the_probe_say_what_the_heartbeat_says(
    heartbeat: Path, live_for: float, ready_for: float, faults: list[str], live: int, ready: int, said: str
) -> None:
    write(heartbeat, live_for, ready_for, faults)
    assert (called("health").exit_code, called("health", "--ready").exit_code) == (live, ready)
    assert called("health").output == f"{said}\n"
    assert json.loads(called("health", "--json").output)["ready"] is not bool(ready)
    assert (probe(["live"]), probe(["ready"])) == (live, ready)
    assert called("health", "--max-age", "120").exit_code == live, "an option of 0.5, which probes may still have"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "not alive: nothing runs here"),
        ("", "not alive: expected "),
        ("9999999999", "not alive: expected "),
        ("soon later\n", "not alive: expected "),
    ],
)
def test_no_heartbeat_is_of_nobody(heartbeat: Path, text: str | None, said: str) -> None:
    if text is not None:
        heartbeat.write_text(text)
    assert called("health").exit_code == 1
    assert called("health").output.startswith(said)
    assert (probe(["live"]), probe(["ready"])) == (1, 1)


def test_the_probe_refuses_what_it_cannot_mean(capsys: pytest.CaptureFixture[str]) -> None:
    assert probe(["alive"]) == 2
    assert capsys.readouterr().err == "runtime: expected live or ready, got: alive\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("worker", "--queue", "unheard"), "expected one of short, long, got: unheard"),
        (("worker", "--queu", "short"), "no such option '--queu'; did you mean '--queue'?"),
        (("dead", "lst"), "no such command 'lst'; did you mean 'list'?"),
        (("send",), "missing argument 'TASK'; see runtime send --help"),
        (("dead", "list", "--queue", "unheard"), "expected one of short, long, got: unheard"),
        (("dead", "purge"), "expected ids, an option that chooses, or --all, got: nothing"),
        (("dead", "replay"), "expected ids, an option that chooses, or --all, got: nothing"),
        (("send", "effect", "name"), "expected ARGUMENTS to be a JSON object, got: 'name'"),
        (("status", "one", "effect", "name"), "expected ARGUMENTS to be a JSON object, got: 'name'"),
        (("send", "effect", "[" * 100_000), "expected ARGUMENTS to be a JSON object, got: '[["),
        (("dead", "list", "--since", "9" * 20 + "d"), "expected a time like 2h"),
        (("dead", "list", "--limit", "9" * 30), "is not in the range"),
        (("top", "--once", "--every", "nan"), "expected a number, got: nan"),
        (("top", "--once", "--every", "1e300"), "is not in the range"),
        (("send", "effect", "[1]"), 'expected ARGUMENTS to be a JSON object like {"user_id": 1}, got: [1]'),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_command_line_that_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["runtime", *arguments])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("runtime: ")
    assert message in line


def test_no_command_shows_the_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["runtime"])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("Usage: runtime [OPTIONS] COMMAND")


@pytest.mark.parametrize("home", ["/dev/null", "/proc"])
def test_a_home_that_takes_no_completion(
    home: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.setattr("sys.argv", ["runtime", "--install-completion", "bash"])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    assert "expected the home folder to take the completion, got: [Errno" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("list", "--json"), ("show", "one"), ("purge", "--all"), ("replay", "one", "--json")],
    ids=" ".join,
)
def test_a_broker_that_is_away_is_one_sentence(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: object) -> None:
        raise app.service.broker.errors[0]("connection refused")

    monkeypatch.setattr(type(app.service.broker), "dead_letters", away, raising=False)
    monkeypatch.setattr("sys.argv", ["runtime", "dead", *arguments])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "runtime: expected the broker at RUNTIME_BROKER_URL to answer, got: connection refused; "
        "start it, or correct the URL (user and password too)"
    )


@pytest.fixture
def published(service: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The arguments that the task `typed` was published with."""
    found: list[Any] = []
    register: Any = app.task

    def typed(
        self: ServiceTask,
        id: UUID,  # noqa: A002  # as an owner may call it
        price: Decimal,
        day: date,
        at: datetime | None,
        days: list[date],
        note: str = "",
    ) -> None:
        raise NotImplementedError

    task = register(base=ServiceTask, bind=True, shared=False, name="tests.typed", work_queue=Queue.SHORT)(typed)
    publish = task.apply_async

    def record(kwargs: Any, task_id: Any = None) -> Any:
        result = publish(kwargs=kwargs, task_id=task_id)
        found.append(kwargs)
        return result

    monkeypatch.setattr(task, "apply_async", record)
    yield found
    app.tasks.pop("tests.typed")


GIVEN = {
    "id": "00000000-0000-0000-0000-000000000001",
    "price": "9.99",
    "day": "2026-01-31",
    "at": "2026-01-31T12:00:00+00:00",
    "days": ["2026-01-31"],
}


def test_json_is_read_as_the_task_s_annotations_say(published: list[Any]) -> None:
    done = called("send", "typed", json.dumps(GIVEN), "--id", "one")
    assert (done.exit_code, done.output) == (0, "one\n")
    assert published == [
        {
            "id": UUID(int=1),
            "price": Decimal("9.99"),
            "day": date(2026, 1, 31),
            "at": datetime.fromisoformat(GIVEN["at"]),  # type: ignore[arg-type]  # one of the strings
            "days": [date(2026, 1, 31)],
        }
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"price": "much"}, r"expected argument price of tests\.typed to be decimal\.Decimal, got: 'much' of type str"),
        ({"days": ["soon"]}, r"expected argument days of tests\.typed to be list\[datetime\.date\], got: \['soon'\]"),
        ({"at": "1"}, r"expected argument at of tests\.typed to be datetime\.datetime \| None, got: '1' of type str"),
        ({"colour": "red"}, r"expected the arguments of tests\.typed to be \(id: uuid\.UUID, price: .*'colour'"),
    ],
)
def test_what_the_task_does_not_take_is_refused(changed: dict[str, Any], message: str, published: list[Any]) -> None:
    with pytest.raises(PayloadError, match=message):
        send(app, "typed", {**GIVEN, **changed})
    with pytest.raises(PayloadError, match="got: missing a required argument: 'price'; correct the call"):
        send(app, "tests.typed", {"id": GIVEN["id"]})
    assert published == []


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", [*commands(group)], ids=" ".join)
def test_every_command_has_a_short_help(path: tuple[str, ...]) -> None:
    short = called(*path, "-h")
    assert (short.exit_code, short.output) == (0, called(*path, "--help").output)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("queues", "--json", "--nosuch"), "no such option '--nosuch'; see runtime queues --help"),
        (("dead", "list", "--json", "--queue", "unheard"), "expected one of short, long, got: unheard"),
        (("dead", "list", "--json", "--since", "soon"), "expected a time like 2h"),
        (("nosuch", "--json"), "no such command 'nosuch'; see runtime --help"),
    ],
    ids=str,
)
def test_with_json_an_error_is_json(
    arguments: tuple[str, ...],
    message: str,
    service: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["runtime", *arguments])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)
    assert list(error) == ["error"]
    assert message in error["error"]
    assert printed.err == f"runtime: {error['error']}\n"


@pytest.mark.usefixtures("heartbeat")
def test_with_json_a_result_and_an_exit_code_stay_as_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["runtime", "health", "--max-age", "0", "--json"])
    with pytest.raises(SystemExit) as ended:
        main("tests.runtime.service.app")
    assert ended.value.code == 1
    assert "alive" in json.loads(capsys.readouterr().out)
