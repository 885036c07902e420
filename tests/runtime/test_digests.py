"""`make lint` names the files of the runtime that differ from the release: the list has to be the release's."""

import shutil
from pathlib import Path

import pytest

from runtime.testing import digests as module
from runtime.testing.digests import LIST, RUNTIME, digests, edited


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the runtime, which `digests` looks at."""
    copy = shutil.copytree(RUNTIME, tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "RUNTIME", copy)
    return copy


def test_the_list_is_the_one_of_these_files() -> None:
    assert LIST.read_text() == digests(), "write the list anew: LIST.write_text(digests())"
    assert edited() == []


def test_it_names_every_file() -> None:
    named = {line.split("  ")[1] for line in LIST.read_text().splitlines()}
    files = {path for path in RUNTIME.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert {path.relative_to(RUNTIME).as_posix() for path in files} - named == {"testing/digests.txt"}


def test_an_edited_file_and_one_of_the_owner_s_are_named(copy: Path) -> None:
    with (copy / "queues.py").open("a") as file:
        file.write("\n")
    with (copy / "idempotency/redis/acquire.lua").open("a") as file:
        file.write("-- edited\n")
    (copy / "cli/status.py").write_text("")
    assert edited() == ["cli/status.py", "idempotency/redis/acquire.lua", "queues.py"]


def test_other_line_ends_are_no_edit(copy: Path) -> None:
    for path in [path for path in copy.rglob("*") if path.suffix in (".py", ".pyi", ".lua")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert edited() == []


def test_a_part_that_the_answers_leave_out_is_no_edit(copy: Path) -> None:
    shutil.rmtree(copy / "brokers/rabbitmq")
    (copy / "relay.py").unlink()
    assert edited() == []
