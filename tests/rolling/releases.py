"""A service called `shop`, of this working tree's template or of an earlier release's, with the same task in it."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from copier import run_copy

from runtime.testing.servers.process import until
from tests.template.rendering import ROOT, render
from tests.update.histories import earlier

__all__ = ["Release", "render_release"]

TASK = Path(__file__).with_name("record_order.py")


def render_release(name: str, answers: Mapping[str, Any], folder: Path) -> Path:
    """Render the service of an earlier release, or of the working tree where `name` is none of them."""
    answers = {"package": "shop", "ci": "none", "deploy": [], **answers}
    service = folder / "service"
    if commit := earlier().get(name):
        files = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, "copier.yml", "template"]
        with tarfile.open(fileobj=io.BytesIO(subprocess.check_output(files))) as archive:
            archive.extractall(folder / "template", filter="data")
        run_copy(str(folder / "template"), service, data=answers, defaults=True, quiet=True)
    else:
        render(service, answers)
    shutil.copy(TASK, service / "src/shop/tasks")
    return service


@dataclass
class Release:
    """The service of one release, on servers that it shares with the service of another one."""

    name: str
    service: Path
    folder: Path
    """Shared: takes the effects and the logs."""
    urls: Mapping[str, str]

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.urls,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "tests/absent"), str(self.service / "src"), str(ROOT)]),
            "ROLLING_RELEASE": self.name,
            "ROLLING_EFFECTS": str(self.folder / "effects"),
            "SHOP_HEARTBEAT_FILE": str(self.folder / "heartbeat"),
            "SHOP_LEASE": "3",
            "SHOP_KEY_LEASE": "3",
        }

    def publish(self, *orders: tuple[Mapping[str, str], Mapping[str, Any]]) -> None:
        """Publish orders, each with the arguments of the task and the options of `apply_async`."""
        self._run("tests.rolling.publish", json.dumps(orders))

    def command(self, *arguments: str) -> str:
        """What a command of the service prints."""
        return self._run("shop", *arguments)

    @contextmanager
    def worker(self) -> Iterator["Worker"]:
        """A worker, until the block ends; what it holds then is finished or requeued."""
        log = self.folder / f"{uuid4().hex}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "shop", "worker"], env=self.env, stdout=output, stderr=output
            )
        try:
            yield Worker(process, log)
        finally:
            process.terminate()
            process.wait(60)

    def done(self, order: str) -> list[str]:
        """The releases that did the order."""
        return self._releases(order, "done")

    def begun(self, order: str) -> list[str]:
        """The releases that began it."""
        return self._releases(order, "begun")

    def _releases(self, order: str, event: str) -> list[str]:
        effects = self.folder / "effects"
        lines = [line.split(maxsplit=2) for line in effects.read_text().splitlines()] if effects.exists() else []
        return [release for *what, release in lines if what == [order, event]]

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=self.service, env=self.env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True)
class Worker:
    """A worker's main process."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def kill(self) -> None:
        """SIGKILL; its children follow."""
        self.process.kill()
        self.process.wait()

    def wait_for_event(self, event: str) -> None:
        """Return when the worker has logged it."""
        until(lambda: f'"event": "{event}"' in self.log.read_text())
