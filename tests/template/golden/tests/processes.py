"""Processes of a test: a worker, and a Python beside it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

__all__ = ["Console", "Worker", "Workers"]


class Console:
    """A Python with the service's environment, which runs code and commands: see `tests/console.py`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self._python: Any = None

    def __enter__(self) -> Self:
        """It starts when it is used."""
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        if self._python is not None:
            self._python.communicate()

    def python(self, code: str) -> Any:
        """Run `code`; the JSON that it prints, if any."""
        return self._ask(code=code)

    def command(self, *arguments: str) -> Any:
        """Run a command of the service; the JSON that it prints."""
        return self._ask(command=arguments)

    def _ask(self, **request: Any) -> Any:
        if self._python is None or self._python.poll() is not None:
            pipe, called = subprocess.PIPE, [sys.executable, "-m", "tests.console"]
            self._python = subprocess.Popen(called, env=self.env, stdin=pipe, stdout=pipe, text=True)
        print(json.dumps(request), file=self._python.stdin, flush=True)
        reply = self._python.stdout.readline()
        assert reply, f"the process ended: {self._python.wait()}"
        answer = json.loads(reply)
        assert not answer["error"], answer["error"]
        return json.loads(answer["printed"]) if answer["printed"] else None


class Worker:
    """A worker that also knows the tasks of the tests, and a Python beside it that publishes."""

    called: Sequence[str] = ("-m", "tests.probe", "worker")

    def __init__(self, env: Mapping[str, str], folder: Path, console: Console) -> None:
        """`folder` takes the log; `console` may serve several workers."""
        self.env = {**env, "MYSERVICE_HEARTBEAT_FILE": str(folder / "heartbeat")}
        self.log = folder / "worker.log"
        self.python, self.command = console.python, console.command

    def __enter__(self) -> Self:
        """Start it."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen([sys.executable, *self.called], env=self.env, stdout=output, stderr=output)
        return self

    def __exit__(self, *error: object) -> None:
        """Stop it, warm."""
        self.process.terminate()
        self.process.wait(60)

    def kill(self) -> None:
        """End its main process without a word, as a machine that fails does; its children follow."""
        self.process.kill()
        self.process.wait()

    def lines(self, *words: str) -> list[str]:
        """The lines of its log with all these words."""
        return [line for line in self.log.read_text().splitlines() if all(word in line for word in words)]

    def wait(self, happened: Callable[[], Any], patience: float = 60) -> Any:
        """The first true value of `happened`, or a failure with the worker's log."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if seen := happened():
                return seen
            time.sleep(0.1)
        return pytest.fail(f"it did not happen within {patience} s\n{self.log.read_text()[-4000:]}")


class Workers:
    """One worker that most tests share; it is away while a test has workers of its own."""

    def __init__(self, env: Mapping[str, str], folder: Path, console: Console) -> None:
        self.console = console
        self._env, self._folder = env, folder
        self._shared: Worker | None = None
        self._stack = ExitStack()

    def shared(self) -> Worker:
        """The running one."""
        if self._shared is None:
            self._shared = self._stack.enter_context(Worker(self._env, self._folder, self.console))
        return self._shared

    def stop(self) -> None:
        """End the running one."""
        self._stack.close()
        self._shared = None
