"""Stray files beside those of a service end no update: what cannot be read is left out and named."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.strays import LATIN, MODULES, STRAYS, Plant
from tests.support import Ran, commit, git

from .planted import FIRST, PACKAGE, release

Command = Callable[..., Ran]
README = "template/service/README.md.jinja"
NEWER = {README: FIRST[README].replace("Two.", "Two, changed.")}


def plain(ran: Ran) -> Ran:
    """A run that ended in order, whatever it found."""
    assert "Traceback" not in ran.out + ran.err
    assert "temporary" not in ran.err
    assert "/tmp to be" not in ran.err
    return ran


def test_what_is_no_module_is_left_out_and_named(template: Path, service: Path, asyncgen: Command) -> None:
    places = [f"src/shop/{package}/{name}" for package in ("tasks", "workflows") for name in STRAYS]
    for path in places:
        (service / path).parent.mkdir(exist_ok=True)
        STRAYS[Path(path).name](service / path)
    commit(service)
    release(template, "0.2.0", NEWER)
    ran = plain(asyncgen("update", "-d", "queue_layout=latency"))
    assert ran.code == 0, ran.err
    notes = {line for line in ran.out.splitlines() if "was left out" in line}
    assert notes == {f"  {path} was left out: it is no module that can be read." for path in places}
    assert "Two, changed." in (service / "README.md").read_text()
    assert all(os.path.lexists(service / path) for path in places)


def test_a_task_that_python_cannot_read_is_named(template: Path, service: Path, asyncgen: Command) -> None:
    for name, content in MODULES.items():
        (service / "src/shop/tasks" / name).write_bytes(b"# Queue.DEFAULT\n" + content)
    commit(service)
    release(template, "0.2.0", NEWER)
    ran = plain(asyncgen("update", "-d", "queue_layout=latency"))
    assert ran.code == 0, ran.err
    for name in MODULES:
        assert f"  src/shop/tasks/{name} is no Python that can be read: its times were not checked." in ran.out
    assert "since deep, latin, send_welcome, zeros names it" in ran.out


def test_a_queue_table_in_another_encoding_is_merged_as_text(template: Path, service: Path, asyncgen: Command) -> None:
    table = service / "src/shop/queues.py"
    table.write_bytes(b"# coding: latin-1\n" + LATIN + table.read_bytes())
    commit(service)
    lines = FIRST[f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}"].replace("300", "400")
    release(template, "0.2.0", NEWER | {f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}": lines})
    ran = plain(asyncgen("update"))
    assert ran.code == 0, ran.err
    assert "  src/shop/queues.py is no UTF-8 text: run asyncgen sync-queues once it is." in ran.out.splitlines()
    assert LATIN in table.read_bytes()
    assert b"longest_run=400" in table.read_bytes()


@pytest.mark.parametrize("plant", [lambda path: path.write_text("mine\n"), STRAYS["pipe.py"], STRAYS["loop.py"]])
def test_a_file_where_the_template_brings_a_folder_stays(
    template: Path, service: Path, asyncgen: Command, plant: Plant
) -> None:
    plant(service / "docs")
    commit(service)
    release(template, "0.2.0", NEWER | {"template/service/docs/guide.md": "guide\n"})
    ran = plain(asyncgen("update"))
    assert ran.code == 1
    assert "  docs/guide.md: no folder stands where its folder should be, so the template's was left out" in ran.out
    assert not (service / "docs").is_dir()
    assert "Two, changed." in (service / "README.md").read_text()


def test_a_file_that_the_template_turns_into_a_folder_is_refused_as_a_whole(
    template: Path, service: Path, asyncgen: Command
) -> None:
    release(template, "0.2.0", {"template/service/docs": "a file\n"})
    assert asyncgen("update").code == 0
    commit(service)
    release(template, "0.3.0", NEWER | {"template/service/docs": None})
    release(template, "0.4.0", {"template/service/docs/guide.md": "guide\n"})
    ran = plain(asyncgen("update"))
    assert ran.code == 2
    assert "docs to be a folder, got: a file; move it away" in ran.err
    assert git(service, "status", "--porcelain") == ""


@pytest.mark.parametrize("path", ["README.md", "src/shop/queues.py"])
@pytest.mark.parametrize("plant", [STRAYS["pipe.py"], STRAYS["legacy.py"]])
def test_what_is_no_file_at_a_place_of_the_template_is_kept(
    template: Path, service: Path, asyncgen: Command, path: str, plant: Plant
) -> None:
    (service / path).unlink()
    commit(service)
    plant(service / path)
    release(template, "0.2.0", NEWER)
    ran = plain(asyncgen("update", "-d", "queue_layout=latency"))
    assert ran.code == 1
    assert f"  {path}: it is no regular file here, so the template's was left out" in ran.out.splitlines()


@pytest.mark.parametrize("name", [b"src/shop/tasks/caf\xe9.py", b"caf\xe9.txt"])
def test_a_name_that_is_no_utf_8(template: Path, service: Path, asyncgen: Command, name: bytes) -> None:
    Path(os.fsdecode(name)).write_text("# Queue.DEFAULT\n")
    commit(service)
    release(template, "0.2.0", NEWER)
    ran = plain(asyncgen("update", "-d", "queue_layout=latency"))
    assert ran.code == 0, ran.err
    assert (os.fsdecode(b"since caf\xe9, send_welcome names it") in ran.out) is name.endswith(b".py")


@pytest.mark.skipif(sys.platform == "win32", reason="needs setpriv for root")
@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("notes.bin", 0, "notes.bin cannot be read: what follows from it was not verified."),
        ("src/shop/tasks/secret.py", 0, "src/shop/tasks/secret.py was left out: it is no module that can be read."),
        ("README.md", 2, "README.md to be accessible, got: permission denied"),
    ],
)
def test_an_unreadable_file(template: Path, service: Path, path: str, code: int, words: str) -> None:
    (service / path).write_text((service / path).read_text() if (service / path).exists() else "# mine\n")
    commit(service)
    release(template, "0.2.0", NEWER)
    (service / path).chmod(0)
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    command = [*drop, sys.executable, "-m", "asyncgen", "update"]
    done = subprocess.run(command, cwd=service, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
