"""Processes of a test: a worker, and a Python beside it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

from ..settings import PREFIX
from ..worker import concurrency
from .app import load_app
from .servers.process import until
from .stores import store_module

__all__ = ["Console", "Effects", "Worker", "Workers"]

P = ParamSpec("P")
T = TypeVar("T")

WORKER_PROCESSES = 2
"""Processes of a worker that runs the tasks of the harness, where no queue of the service names a concurrency."""


class Console:
    """A Python with the service's environment, which runs code and commands: see the module `console`."""

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

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a module's function there; its arguments and its result travel as JSON."""
        result: T = self._ask(call=f"{function.__module__}:{function.__qualname__}", args=args, kwargs=kwargs)
        return result

    def command(self, *arguments: str) -> Any:
        """Run a command of the service; the JSON that it prints."""
        return self._ask(command=arguments)

    def _ask(self, **request: Any) -> Any:
        if self._python is None or self._python.poll() is not None:
            pipe, called = subprocess.PIPE, [sys.executable, "-m", f"{__package__}.console"]
            self._python = subprocess.Popen(called, env=self.env, stdin=pipe, stdout=pipe, text=True)
        print(json.dumps(request), file=self._python.stdin, flush=True)
        reply = self._python.stdout.readline()
        assert reply, f"the process ended: {self._python.wait()}"
        answer = json.loads(reply)
        assert not answer["error"], answer["error"]
        return json.loads(answer["printed"]) if answer["printed"] else None


class Worker:
    """A worker that also knows the tasks of the tests, and a Python beside it that publishes."""

    module = f"{__package__}.tasks"

    def __init__(self, env: Mapping[str, str], folder: Path, console: Console) -> None:
        """`folder` takes the log; `console` may serve several workers."""
        self.env = {**env, f"{PREFIX}HEARTBEAT_FILE": str(folder / "heartbeat")}
        self.log = folder / "worker.log"
        self.python, self.call, self.command = console.python, console.call, console.command

    def __enter__(self) -> Self:
        """Start it."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "worker"], env=self.env, stdout=output, stderr=output
            )
        return self

    def __exit__(self, *error: object) -> None:
        """Stop it, warm; one that does not stop within 60 s is killed, and an error."""
        self.process.terminate()
        try:
            self.process.wait(60)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL its main process, as when a machine fails; its children follow."""
        self.process.kill()
        self.process.wait()

    def lines(self, *words: str) -> list[str]:
        """The lines of its log with all these words."""
        return [line for line in self.log.read_text().splitlines() if all(word in line for word in words)]

    def wait(self, happened: Callable[[], Any], timeout: float = 60) -> Any:
        """The first true value of `happened`, or a failure with the worker's log."""
        try:
            return until(happened, timeout)
        except TimeoutError as late:
            import pytest

            return pytest.fail(f"{late}\n{self.log.read_text()[-4000:]}")


class Workers:
    """One worker that most tests share; it is stopped while a test has workers of its own."""

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


class Effects:
    """Runs of a task of the harness in the store's first mode, each of which leaves one effect; seen from outside."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        url = env[f"{PREFIX}IDEMPOTENCY_URL"]
        store = store_module(url)
        self._env, self._folder, self._mode = env, folder, store.MODES[0]
        self._effects = store.Effects(url, self._mode, folder)

    @property
    def window(self) -> int:
        """How many effects a killed worker may repeat: none if they commit with their keys, else one a process."""
        if self._mode == "transactional":
            return 0
        return concurrency(load_app().service.queues) or WORKER_PROCESSES

    def publish(self, number: int) -> None:
        """Publish so many runs, and return when the broker has them all."""
        command = [
            sys.executable,
            "-m",
            Worker.module,
            "publish",
            str(self._folder),
            json.dumps([self._mode]),
            str(number),
        ]
        subprocess.run(command, env=self._env, check=True)

    def seen(self) -> list[int]:
        """The numbers of the runs whose effects there are, oldest first."""
        return [int(line.split()[0]) for line in self._effects.lines()]
