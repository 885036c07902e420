"""What ends a command without its result has an exit code that stands for no result: 2, or 141 without a reader."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import asyncgen.update.times  # noqa: F401 # what is imported while a function is replaced would keep the other one
from tests.support import Ran, commit, write
from tests.terminal import CTRL_D, terminal

Asyncgen = Callable[..., Ran]
README = "template/service/README.md.jinja"
AS_A_PROCESS = [sys.executable, "-m", "asyncgen"]


def one_line(ran: Ran) -> str:
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    return ran.err


def one_error(ran: Ran) -> str:
    """The sentence of an error with --json: on stderr, and as JSON on stdout."""
    assert (ran.code, ran.err.count("\n")) == (2, 1), ran
    (sentence,) = json.loads(ran.out).values()
    assert json.loads(ran.out) == {"error": sentence}
    assert ran.err == f"asyncgen: {sentence}\n"
    return str(sentence)


def boom(*_: object, **__: object) -> None:
    raise RuntimeError("boom\nand more")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("asyncgen.service.find_service", ["update", "--check"]),
        ("asyncgen.service.find_service", ["tasks"]),
        ("asyncgen.check.entry.check_paths", ["check", "--format", "json"]),
    ],
)
def test_an_unexpected_error_is_one_line_and_no_result(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch, function: str, arguments: list[str]
) -> None:
    monkeypatch.setattr(function, boom)
    message = one_line(asyncgen(*arguments))
    assert message.startswith(
        "asyncgen: expected the command to end in order, got: RuntimeError: boom and more at asyncgen/"
    )
    assert message.endswith("; run it with --debug and report what it shows\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add-task", "Bad Name!", "--json"], "; use bad_name"),
        (["update", "--json", "-d", "brocker=redis"], "; did you mean broker?"),
        (["tasks", "--json", "--nosuch"], "no such option: --nosuch; see asyncgen tasks --help"),
        (["remove-task", "--json"], "missing argument 'NAME'; see asyncgen remove-task --help"),
        (["add-queue", "2nd", "--longest", "60", "--json"], "; use queue_2nd"),
    ],
)
def test_with_json_an_error_is_json(service: Path, asyncgen: Asyncgen, arguments: list[str], sentence: str) -> None:
    assert one_error(asyncgen(*arguments)).endswith(sentence)


def test_with_json_an_unexpected_error_is_json(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asyncgen.service.find_service", boom)
    assert "RuntimeError: boom and more" in one_error(asyncgen("update", "--json"))


@pytest.mark.parametrize("arguments", [["--debug", "tasks"], ["tasks", "--debug"], ["tasks", "--json", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("asyncgen.service.find_service", boom)
    ran = asyncgen(*arguments)
    assert ran.code == 2
    assert "Traceback (most recent call last):" in ran.err
    assert ran.err.splitlines()[-1].startswith("asyncgen: expected the command to end in order")


def test_debug_shows_where_a_refusal_comes_from_and_is_no_option_behind_two_dashes(
    service: Path, asyncgen: Asyncgen
) -> None:
    assert "BadInput: expected" in asyncgen("add-task", "9", "--debug").err
    assert "Traceback" not in asyncgen("add-task", "--", "--debug").err
    listed = asyncgen("--help").out
    assert "--debug" in listed
    assert not [line for line in listed.splitlines()[1:] if line.endswith("...")]
    assert asyncgen("tasks", "--debug").code == 0


def test_an_answer_that_yaml_cannot_build(service: Path, asyncgen: Asyncgen) -> None:
    with (service / ".copier-answers.yml").open("a") as answers:
        answers.write("when: 2001-99-99\n")
    one_line(asyncgen("update", "--check"))


def test_a_folder_that_is_gone(service: Path, asyncgen: Asyncgen) -> None:
    (service / "gone").mkdir()
    os.chdir(service / "gone")
    (service / "gone").rmdir()
    assert "expected the current folder to exist" in one_line(asyncgen("tasks"))
    os.chdir(service)


def test_without_its_dependencies(service: Path) -> None:
    code = "import sys; sys.modules['typer'] = None; from asyncgen.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "update", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected its dependencies to be installed" in done.stderr


def test_an_interruption_while_it_starts(service: Path) -> None:
    code = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from asyncgen.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "tasks"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
@pytest.mark.parametrize(
    "arguments",
    [
        ["add-task", "--from", "/dev/zero"],
        ["new", "other", "--defaults", "--like", "/dev/zero"],
        ["client", "other", "--contract", "/dev/zero"],
        ["check", "--baseline", "/dev/zero"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_file_without_an_end(
    service: Path, template: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("asyncgen.reading.MOST", 1000)
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(template))
    assert "/dev/zero to " in (said := one_line(asyncgen(*arguments)))
    assert "more than 1000 bytes" in said


@pytest.mark.parametrize("arguments", [["new", "../other"], ["add-task", "send_invoice"]], ids=lambda words: words[0])
def test_a_terminal_of_no_size_whose_input_ends(
    service: Path, template: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(template))
    with terminal(*arguments, rows=0, columns=0) as at:
        assert at.prompt()
        at.type(CTRL_D)
        assert at.prompt() == ""
        assert at.code == 130
        assert "Traceback" not in at.shown


def without_reader(*arguments: str) -> "subprocess.CompletedProcess[bytes]":
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as out:
        return subprocess.run([*AS_A_PROCESS, *arguments], stdout=out, stderr=subprocess.PIPE, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["tasks"], ["check", "."]])
def test_a_reader_that_has_gone(service: Path, arguments: list[str]) -> None:
    (service / "app.py").write_text("from celery import Celery\napp = Celery('s', task_serializer='pickle')\n")
    done = without_reader(*arguments)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_update_without_a_reader_is_done_and_says_nothing_of_conflicts(service: Path, template: Path) -> None:
    write(template, {README: "# New\n"})
    commit(template, "Release 0.2.0")
    done = without_reader("update")
    assert (done.returncode, done.stderr) == (141, b"")
    assert (service / "README.md").read_text() == "# New\n"


def test_a_complaint_without_a_reader(service: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as err:
        done = subprocess.run([*AS_A_PROCESS, "add-task", "9"], stdout=subprocess.PIPE, stderr=err, check=False)
    assert done.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full(service: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*AS_A_PROCESS, "tasks"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no space left on device" in done.stderr


def test_without_any_stream(service: Path, template: Path) -> None:
    write(template, {README: "# New\n"})
    commit(template, "Release 0.2.0")
    command = " ".join([*AS_A_PROCESS, "update", "<&-", ">&-", "2>&-"])
    assert subprocess.run(command, shell=True, check=False).returncode == 0
    assert (service / "README.md").read_text() == "# New\n"
