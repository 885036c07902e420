"""A small template repository with the real questions and the real task skeleton, and the command line in-process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from asyncgen.cli.edge import run
from tests.support import Ran, clean_home, command_line, commit, copied, copied_service, git, write

ROOT = Path(__file__).parents[2]
QUEUES = '''"""The queue table."""

from enum import Enum

from .queue_class import QueueClass

__all__ = ["Queue"]


class Queue(Enum):
    """The queues of this service."""

    CRITICAL = QueueClass("critical", longest_run=30)
    DEFAULT = QueueClass("default", longest_run=5 * 60)
    BULK = QueueClass("bulk", longest_run=1500, prefetch=1)
'''


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity."""
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the template, committed, and a service made from it, which tests copy."""
    place = tmp_path_factory.mktemp("prepared")
    folder = place / "the template"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "template" / "task", folder / "template" / "task")
    package = "template/service/src/{{package}}"
    write(
        folder,
        {
            "template/service/{{_copier_conf.answers_file}}.jinja": "{{ _copier_answers | to_nice_yaml }}",
            "template/service/README.md.jinja": "# {{ service_name }}\n",
            "template/service/.gitignore": "*.pyc\n",
            f"{package}/__init__.py": "",
            f"{package}/queues.py": QUEUES,
            f"{package}/settings.py": "",
            f"{package}/tasks/__init__.py": "",
        },
    )
    commit(folder, "Release 0.1.0")
    with pytest.MonkeyPatch.context() as patch:
        clean_home(tmp_path_factory, patch)
        assert run(["new", str(place / "shop"), "--defaults", "--template", str(folder)]) == 0
    return place


@pytest.fixture
def template(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed template, which is the one that asyncgen finds."""
    folder = copied(prepared / "the template", tmp_path)
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", str(folder))
    return folder


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "workdir"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""
    return command_line(capfd)


@pytest.fixture
def stalled(template: Path, workdir: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """`asyncgen new shop` as a process of its own, which waits for git to make the new folder a repository."""
    waits = tmp_path / "bin/waits"
    stop = f'case " $* " in *" init "*) touch "{waits}"; exec sleep 900;; esac'
    script = f'#!/bin/sh\n{stop}\nexec {shutil.which("git")} "$@"\n'
    write(waits.parent, {"git": script})
    (waits.parent / "git").chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "asyncgen", "new", "shop"],
        env=os.environ | {"PATH": f"{waits.parent}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not waits.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def service(prepared: Path, template: Path, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service made from the small template, as the current folder."""
    project = copied_service(prepared / "shop", workdir, template)
    monkeypatch.delenv("ASYNCGEN_TEMPLATE")
    monkeypatch.chdir(project)
    return project
