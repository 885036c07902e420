"""Runs a command of asyncgen again and again, each time ended or failed at its next write, and reports what was left.

`faults.py kill|disk-full FOLDER COMMAND AGAIN EVERY`: FOLDER is where the command runs, on a fresh copy each time;
AGAIN is the next call. Every write of Python's and every child process counts, as its audit events show; what goes
into temporary folders outside the copy does not.
"""

import errno
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from asyncgen.cli.edge import run

__all__ = ["wait_until"]

EVENTS = {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.chmod", "os.symlink"}
GROWING = {"open", "os.mkdir", "os.link", "os.symlink"}


def wait_until(happened: Callable[[], Any], timeout: float = 120) -> None:
    """Wait for something to happen; AssertionError if it does not."""
    deadline = time.monotonic() + timeout
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Fault:
    """An audit hook that ends the process, or fails like a full disk, at the write of a given number."""

    def __init__(self, mode: str, folder: Path, left: int) -> None:
        self.mode, self.folder, self.left = mode, str(folder), left

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count a write; see PEP 578 for the events."""
        if event == "open":
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event == "subprocess.Popen":
            if self.mode != "kill":
                return
        elif event not in EVENTS:
            return
        if event != "subprocess.Popen" and not str(arguments[0]).startswith(self.folder):
            return
        if self.mode == "disk-full" and event not in GROWING:
            return
        self.left -= 1
        if self.left == -1 and self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.left < 0 and self.mode == "disk-full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def attempt(fault: Fault | None, place: Path, command: list[str]) -> tuple[bool, str]:
    """Run a command in a child; whether the fault came, and its message."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        stderr = io.StringIO()
        os.chdir(place)
        if fault:
            sys.addaudithook(fault)
        with redirect_stdout(io.StringIO()), redirect_stderr(stderr):
            code = run(command)
        met = fault is not None and fault.left < 0
        if fault:
            fault.left = sys.maxsize
        os.write(writing, json.dumps([code, met, stderr.getvalue()]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        report = pipe.read()
    _, status = os.waitpid(child, 0)
    if not report:
        assert fault is not None, f"the command ended without a word: {status}"
        assert os.WIFSIGNALED(status), f"the command was ended by itself, and not by the fault: {status}"
        return True, ""
    code, met, message = json.loads(report)
    lines = message.strip().splitlines()
    if code not in (0, 2) or (code == 2 and len(lines) != 1):
        return met, message
    return met, "one sentence" if code == 2 else ""


def state(place: Path) -> dict[str, bytes]:
    """The files of a project, without git's."""
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def is_ours(path: Path) -> bool:
    """Whether a path is a journal, or a new project that is not finished."""
    return ".asyncgen-" in path.name or path.parent.name == "asyncgen"


def visible(place: Path) -> str:
    """The folders that a person sees."""
    return " ".join(sorted(path.name for path in place.iterdir() if not path.name.startswith(".")))


def name(found: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes]) -> str:
    """Which of the two it is."""
    return (
        "old"
        if found == old
        else "new"
        if found == new
        else f"between: {sorted(set(found.items()) ^ set(new.items()))[:3]}"
    )


def main(mode: str, folder: Path, command: list[str], again: list[str], every: int) -> list[dict[str, str]]:
    """Go through all points until the command gets through."""

    def fresh(number: object) -> Path:
        place = Path(tempfile.mkdtemp(prefix=f"{folder.name}-{number}-", dir=folder.parent)) / folder.name
        shutil.copytree(folder, place, symlinks=True)
        return place

    old, whole = state(folder), fresh("whole")
    # In this process, so that what is forked has imported and compiled everything.
    os.chdir(whole)
    with redirect_stdout(io.StringIO()):
        assert run(command) == 0
    new, point = state(whole), 0
    seen: list[dict[str, str]] = []
    while True:
        place = fresh(point)
        met, message = attempt(Fault(mode, place, point), place, command)
        if not met:
            return seen
        result = {
            "point": str(point),
            "message": message,
            "visible": visible(place),
            "after": name(state(place), old, new),
        }
        _, message = attempt(None, place, again)
        # `new` refuses a folder that is there already, and so has nothing to sweep for.
        refused = command[0] == "new" and result["visible"] != ""
        assert message == ("one sentence" if refused else ""), message
        left_over = [path.name for path in (*place.iterdir(), *place.glob(".git/asyncgen/*")) if is_ours(path)]
        assert refused or not left_over, left_over
        result["at_last"] = visible(place) if command[0] == "new" else name(state(place), old, new)
        seen.append(result)
        shutil.rmtree(place.parent)
        point += every


if __name__ == "__main__":
    mode, folder, command, again, every = sys.argv[1:]
    print(json.dumps(main(mode, Path(folder).resolve(), json.loads(command), json.loads(again), int(every))))
