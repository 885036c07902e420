"""`-h` of every command, and what a shell offers: nothing is asked but the files of the current service."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from asyncgen.cli.app import app
from tests.support import Ran, write

Asyncgen = Callable[..., Ran]


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", [*commands(typer.main.get_command(app))], ids=" ".join)
def test_every_command_has_a_short_help(asyncgen: Asyncgen, path: tuple[str, ...]) -> None:
    ran = asyncgen(*path, "-h")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('asyncgen', *path))} ")
    assert ran.out == asyncgen(*path, "--help").out
    assert "...\n" not in ran.out.partition("\n")[2], "a line of the list of commands is cut off"


@pytest.fixture
def offered(asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What bash offers for the last word of a command line."""

    def offered(line: str) -> list[str]:
        monkeypatch.setenv("_ASYNCGEN_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        ran = asyncgen()
        assert (ran.code, ran.err) == (0, "")
        return ran.out.split()

    return offered


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("asyncgen remove-t", ["remove-task"]),
        ("asyncgen add-task x --queue ", ["CRITICAL", "DEFAULT", "BULK"]),
        ("asyncgen add-task x --queue D", ["DEFAULT"]),
        ("asyncgen add-task x --idempotency t", ["transactional"]),
        ("asyncgen remove-task ", ["bill", "charge"]),
        ("asyncgen rename-task ", ["bill", "charge"]),
        ("asyncgen show task c", ["charge"]),
        ("asyncgen remove-workflow ", ["checkout"]),
        ("asyncgen add-workflow x --chain bill,c", ["bill,charge"]),
        ("asyncgen new x --broker ", ["redis", "rabbitmq"]),
    ],
)
def test_names_are_offered(service: Path, offered: Callable[[str], list[str]], line: str, expected: list[str]) -> None:
    # A file that is no Python has a name all the same.
    tasks = {f"src/shop/{name}.py": "1 +\n" for name in ("tasks/charge", "tasks/bill", "workflows/checkout")}
    write(service, tasks)
    assert offered(line) == expected


def test_outside_of_a_service_no_names_are_offered(workdir: Path, offered: Callable[[str], list[str]]) -> None:
    assert offered("asyncgen remove-task ") == []


def test_a_completion_loads_no_renderer() -> None:
    code = (
        "import sys; from asyncgen.cli.completion import queue_names; queue_names();"
        "print(*{'copier', 'jinja2', 'rich'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "\n"


def test_the_script_for_a_shell_is_shown() -> None:
    command = f"{sys.executable} -m asyncgen --show-completion"
    shown = subprocess.run(["bash", "-c", f"{command}; exit $?"], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "-F _asyncgen_completion asyncgen" in shown.stdout
