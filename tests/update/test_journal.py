"""Journals that a repository or a template brings are not committed, and an interrupted run is finished by name."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncgen.changes import Change
from asyncgen.journal import journal_of
from tests.support import Ran, commit, git, write

from .planted import FIRST, release, snapshot

Command = Callable[..., Ran]
README = "template/service/README.md.jinja"
TASK = {
    "template/task/src/{{package}}/tasks/{{name}}.py.jinja": "# {{ name }}\n",
    "template/task/tests/tasks/test_{{name}}.py.jinja": "# {{ name }}\n",
}
COMMANDS = [
    ("update", "--check"),
    ("update", "--dry-run"),
    ("update", "--no-verify"),
    ("add-task", "send_invoice", "--defaults"),
    ("add-task", "send_invoice", "--defaults", "--dry-run"),
    ("remove-task", "send_welcome", "--force"),
]


@pytest.fixture
def service(template: Path, service: Path, asyncgen: Command) -> Path:
    """A service whose release can add tasks."""
    release(template, "0.1.1", TASK)
    assert asyncgen("update", "--no-verify").code == 0
    commit(service)
    release(template, "0.1.2", {README: FIRST[README] + "More.\n"})
    return service


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("path", [".git/hooks/post-commit", "../outside/file", "README.md"])
def test_a_journal_in_the_repository_is_not_committed(
    service: Path, asyncgen: Command, command: tuple[str, ...], path: str
) -> None:
    """In every form that a release of asyncgen has read."""
    (service.parent / "outside").mkdir()
    there = hashlib.sha256((service / "README.md").read_bytes()).hexdigest() if path == "README.md" else ""
    for folder in (".asyncgen-pending-x", ".asyncgen/journal", "asyncgen/journal-0000000000000000"):
        entry = {"kind": "create", "path": path, "before": there, "after": ""}
        planted = {"complete.json": json.dumps([["create", path, there]]), "0": "#!/bin/sh\ntouch PWNED\n"}
        planted["journal.json"] = json.dumps({"binding": {}, "entries": [entry]})
        write(service, {f"{folder}/{name}": text for name, text in planted.items()})
    commit(service)
    assert asyncgen(*command).code in (0, 1)
    assert not (service / ".git/hooks/post-commit").exists()
    assert not list((service.parent / "outside").iterdir())
    assert "PWNED" not in (service / "README.md").read_text()


def test_a_template_cannot_bring_one(template: Path, service: Path, asyncgen: Command) -> None:
    entry = json.dumps([["create", ".git/hooks/post-commit", ""]])
    folder = "template/service/.asyncgen-pending-x"
    release(template, "0.2.0", {f"{folder}/complete.json": entry, f"{folder}/0": "#!/bin/sh\ntouch PWNED\n"})
    assert asyncgen("update", "--no-verify").code == 0
    commit(service)
    assert asyncgen("add-task", "send_invoice", "--defaults").code == 0
    assert not (service / ".git/hooks/post-commit").exists()


@pytest.fixture
def interrupted(service: Path) -> Path:
    """A service in which an update was killed after the first of its three files."""
    texts = {"AGENTS.md": "new\n", "README.md": "# newer\n", "run.sh": "#!/bin/sh\n"}
    kinds = {"AGENTS.md": "create", "README.md": "replace", "run.sh": "replace"}
    journal = journal_of(service)
    entries = journal.stage([Change(kinds[path], path, text) for path, text in texts.items()])  # type: ignore[arg-type]
    (journal.folder / "0").rename(service / "AGENTS.md")
    assert journal.made(entries) == [True, False, False]
    return service


@pytest.mark.parametrize("command", [("update", "--check"), ("update", "--dry-run"), ("add-task", "a", "--dry-run")])
def test_a_command_that_writes_nothing_only_tells_of_it(
    interrupted: Path, asyncgen: Command, command: tuple[str, ...]
) -> None:
    before = snapshot(interrupted)
    ran = asyncgen(*command)
    assert "note: an interrupted run left 3 changes" in ran.err
    assert "warn     last command     an interrupted run left 3 changes; " in asyncgen("doctor").out
    assert snapshot(interrupted) == before
    assert journal_of(interrupted).exists


def test_the_next_command_finishes_it_and_says_so(interrupted: Path, asyncgen: Command) -> None:
    ran = asyncgen("add-task", "send_invoice", "--defaults")
    assert ran.code == 0
    assert "finished an interrupted run, 3 changes in all: replace README.md, replace run.sh" in ran.err
    assert (interrupted / "README.md").read_text() == "# newer\n"
    assert not journal_of(interrupted).exists


def test_what_was_restored_since_is_not_updated_in_silence(interrupted: Path, asyncgen: Command) -> None:
    asyncgen("update", "--check")
    (journal_of(interrupted).folder / "1").rename(interrupted / "README.md")
    git(interrupted, "restore", ".")
    before = snapshot(interrupted)
    ran = asyncgen("add-task", "send_invoice", "--defaults")
    assert ran.code == 2
    assert "got: another change of README.md since then; nothing was changed" in ran.err
    assert snapshot(interrupted) == before
    git(interrupted, "clean", "--quiet", "--force", "AGENTS.md")
    ran = asyncgen("add-task", "send_invoice", "--defaults")
    assert ran.code == 0
    assert "was undone since" in ran.err
    assert "newer" not in (interrupted / "README.md").read_text()


def test_what_a_killed_update_left_in_the_temporary_folder_is_removed(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("asyncgen-update-old", "asyncgen-update-new", "other"):
        write(tmp_path, {f"{name}/project/file": "left\n"})
    (tmp_path / "asyncgen-update-link").symlink_to(tmp_path / "other")
    hours_ago = time.time() - 3600
    os.utime(tmp_path / "asyncgen-update-old", (hours_ago, hours_ago))
    assert asyncgen("update", "--no-verify").code == 0
    left = sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(("asyncgen-", "other")))
    assert left == ["asyncgen-update-link", "asyncgen-update-new", "other"]
    assert (tmp_path / "other/project/file").exists()
