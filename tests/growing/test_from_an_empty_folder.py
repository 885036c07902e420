"""From an empty folder, by commands alone: thirty tasks of all modes, three workflows, five schedules, a queue."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .commands import asyncgen, inside

MODES = ("transactional", "lease", "at-most-once", "natural")
TYPES = ("int", "str", "UUID", "date", "datetime", "Decimal", "bool", "float", "list[int]", "enum[open,paid]")
SCHEDULES = ("30s", "5m", "*/5 * * * *", "0 3 * * mon-fri", "0 0 1 1,7 *")
EDITED = {"README.md", "compose.override.yaml", "compose.yaml", "src/shop/queues.py", "src/shop/tasks/__init__.pyi"}


def commands() -> Iterator[list[str]]:
    """What a user types, in its order."""
    for number in range(25):
        kind, mode = TYPES[number % len(TYPES)], MODES[number % len(MODES)]
        words = ["add-task", f"do_thing{number}", "--idempotency", mode, "--arg", "order_id:int"]
        words += ["--arg", f"value{number}:{kind}"] if number % 3 else []
        words += ["--key", "order_id"] if number % 2 and mode != "natural" else []
        words += ["--rate-limit", "10/m"] if number % 5 == 0 else []
        words += ["--bound", "io"] if number % 7 == 0 else []
        yield words
    for number, every in enumerate(SCHEDULES):
        yield ["add-task", f"poll_source{number}", "--every", every, "--idempotency", MODES[number % len(MODES)]]
    yield ["add-workflow", "one_by_one", "--chain", "do_thing0,do_thing1,do_thing3"]
    yield ["add-workflow", "all_at_once", "--group", "do_thing4,do_thing6,do_thing9"]
    yield ["add-workflow", "count_them", "--chord", "do_thing12,do_thing15:do_thing18"]
    yield ["add-queue", "reports", "--longest", "900"]


def check(service: Path, *tests: str) -> None:
    """The service's own format, lint and types, and these of its tests."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")} | {"PYTHONPATH": "src"}
    lint = (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"])
    for run in (*lint, ["shop", "contract", "--write"], ["pytest", "-q", *tests]) if tests else lint:
        done = subprocess.run(
            [sys.executable, "-m", *run],
            cwd=service,
            env=env,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


@pytest.mark.xdist_group("mypy")
@pytest.mark.parametrize("broker", [pytest.param("redis", marks=pytest.mark.slow), "rabbitmq"])
def test_it_grows_by_commands_alone(broker: str, make: Callable[..., Path], tmp_path: Path) -> None:
    service = grow(broker, make, tmp_path, each=lambda service: None)
    check(service, "tests/tasks", "tests/test_tasks.py", "tests/test_queues.py")


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_all_is_green_after_each_step(broker: str, make: Callable[..., Path], tmp_path: Path) -> None:
    names: list[str] = []

    def each(service: Path) -> None:
        fresh = [path for path in made(service) if path not in names]
        names.extend(fresh)
        check(service, *(fresh or ["tests/test_queues.py"]))

    service = grow(broker, make, tmp_path, each=each)
    check(service, "tests")


def made(service: Path) -> list[str]:
    """The files of tests that add-task and add-workflow made."""
    folders = ("tests/tasks", "tests/workflows")
    return sorted(
        path.relative_to(service).as_posix() for folder in folders for path in (service / folder).glob("test_*.py")
    )


def grow(broker: str, make: Callable[..., Path], folder: Path, each: Callable[[Path], None]) -> Path:
    """Run all commands in a new service, and `each` after each of them; nothing that was there is touched."""
    answers = {"idempotency_store": "postgresql", "results": "redis", "scheduler": "true"}
    service = make(folder, broker=broker, **answers)
    with inside(service):
        for words in commands():
            ran = asyncgen(*words)
            assert (ran.code, ran.err) == (0, ""), (ran, words)
            each(service)
        changed = subprocess.check_output(["git", "status", "--porcelain", "--untracked-files=no"], text=True)
    assert {line.split()[1] for line in changed.splitlines()} == EDITED
    assert len(made(service)) == 1 + 30 + 3
    return service
