"""A process killed, a disk full, a folder read-only, two calls at once: the project is the old or the new one."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, write

from . import faults
from .planted import FIRST, PACKAGE, release, snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

Command = Callable[..., Ran]
NEWER: dict[str, str | None] = {
    "template/service/README.md.jinja": FIRST["template/service/README.md.jinja"] + "More.\n",
    f"{PACKAGE}/outer/inner/added.py": "ADDED = True\n",
    f"{PACKAGE}/dropped.py": None,
    f"{PACKAGE}/times.py": FIRST[f"{PACKAGE}/times.py"] + "LINE_21 = 21\n",
}
TASK = {
    "template/task/src/{{package}}/tasks/{{name}}.py.jinja": "# {{ name }}\n",
    "template/task/tests/tasks/test_{{name}}.py.jinja": "# {{ name }}\n",
}


def results(mode: str, place: Path, command: list[str], again: list[str], every: int) -> list[dict[str, object]]:
    """What `faults` saw, at every point or at each `every`th, in a process that may fork."""
    options = [mode, str(place), json.dumps(command), json.dumps(again), str(every)]
    done = subprocess.run([sys.executable, faults.__file__, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: list[dict[str, object]] = json.loads(done.stdout)
    assert len(seen) >= 3, "too few writes were met"
    return seen


@pytest.mark.parametrize("mode", ["kill", "disk-full"])
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_update_is_all_or_nothing(template: Path, service: Path, mode: str, every: int) -> None:
    release(template, "0.2.0", NEWER)
    seen = results(mode, service, ["update", "--no-verify"], ["update", "--no-verify"], every)
    assert {result["after"] for result in seen} <= {"old", "new"} if mode == "disk-full" else True
    assert {result["at_last"] for result in seen} == {"new"}
    assert {result["message"] for result in seen} <= {"", "one sentence"}
    if mode == "kill":
        assert {"old"} < {result["after"] for result in seen}, "no kill hit the swap itself"


@pytest.mark.parametrize("mode", ["kill", "disk-full"])
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_add_task_is_all_or_nothing(template: Path, service: Path, asyncgen: Command, mode: str, every: int) -> None:
    release(template, "0.2.0", TASK)
    assert asyncgen("update").code == 0
    commit(service)
    command = ["add-task", "send_invoice", "--defaults"]
    seen = results(mode, service, command, ["update", "--no-verify"], every)
    assert {result["at_last"] for result in seen} <= {"old", "new"}
    assert {result["message"] for result in seen} <= {"", "one sentence"}


@pytest.mark.parametrize("mode", ["kill", "disk-full"])
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_rename_task_is_all_or_nothing(service: Path, mode: str, every: int) -> None:
    task = "@shared_task(\n    max_retries=0,  # mine\n)\ndef send(): ...  # mine\n"
    write(
        service,
        {
            "src/shop/runtime/task.py": "class ServiceTask:\n    aliases: tuple[str, ...] = ()\n",
            "src/shop/tasks/send.py": task,
            "tests/tasks/test_send.py": "from shop.tasks import send as module  # mine\n",
            "src/shop/api.py": "from .tasks.send import send  # mine\n",
        },
    )
    seen = results(mode, service, ["rename-task", "send", "bill"], ["update", "--no-verify"], every)
    assert {result["at_last"] for result in seen} == ({"old", "new"} if mode == "kill" else {"old"})
    assert {result["message"] for result in seen} <= {"", "one sentence"}


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_new_leaves_nothing_or_all(template: Path, tmp_path: Path, every: int) -> None:
    workdir = tmp_path / "workdir"
    workdir.mkdir()
    command = ["new", "shop", "--defaults", "--template", str(template)]
    seen = results("kill", workdir, command, command, every)
    assert {result["visible"] for result in seen} <= {"", "shop"}
    assert {result["at_last"] for result in seen} == {"shop"}


def test_a_file_size_limit_is_one_sentence(template: Path, service: Path, tmp_path: Path) -> None:
    """A real error of the system while files are written, in place of the planted ones above."""
    release(template, "0.2.0", NEWER | {f"{PACKAGE}/large.py": "# large\n" * 200_000})
    before = snapshot(service)
    done = run_limited(service, limit=64 * 1024)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert snapshot(service) == before


def run_limited(service: Path, limit: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        # -B: Python would keep bytecode that is cut short.
        [sys.executable, "-B", "-m", "asyncgen", "update", "--no-verify"],
        cwd=service,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
@pytest.mark.parametrize("folder", [".", "src/shop"])
def test_a_read_only_folder_is_one_sentence(template: Path, service: Path, folder: str) -> None:
    release(template, "0.2.0", NEWER)
    before = snapshot(service)
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    (service / folder).chmod(0o555)
    command = [*drop, sys.executable, "-m", "asyncgen", "update", "--no-verify"]
    done = subprocess.run(command, cwd=service, capture_output=True, text=True)
    (service / folder).chmod(0o755)
    assert done.returncode == 2, done.stdout
    assert "to be writable, got: permission denied" in done.stderr
    assert snapshot(service) == before


def test_two_calls_at_once_make_one_update(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", NEWER)
    command = [sys.executable, "-m", "asyncgen", "update", "--no-verify"]
    running = [
        subprocess.Popen(command, cwd=service, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(process.communicate(), process.returncode) for process in running]
    assert 0 in {code for _, code in ended}
    for (_, message), code in ended:
        assert code in (0, 2)
        assert "Traceback" not in message
    assert "Up to date" in asyncgen("update").out
    assert (service / "README.md").read_text().count("More.") == 1
    assert not list((service / ".git/asyncgen").iterdir())


def test_an_interruption_takes_everything_back(template: Path, service: Path) -> None:
    release(template, "0.2.0", NEWER | {"template/service/Makefile": "test:\n\t@touch started; sleep 60\n"})
    before = snapshot(service)
    process = subprocess.Popen(
        [sys.executable, "-m", "asyncgen", "update", "--test"],
        cwd=service,
        env=os.environ | {"TMPDIR": str(service.parent)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    faults.wait_until(lambda: any(service.parent.glob("asyncgen-update-*/verified/shop/started")) or process.poll())
    os.killpg(process.pid, signal.SIGINT)
    _, message = process.communicate(timeout=60)
    assert process.returncode == 130, message
    assert snapshot(service) == before
    assert not list(service.parent.glob("asyncgen-update-*"))
