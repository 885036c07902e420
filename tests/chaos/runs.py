"""One run for each configuration: a service that is rendered and attacked, or bare Celery."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from runtime.testing.servers import Unavailable
from tests.template.rendering import ROOT, render

__all__ = ["Configuration", "Outcome", "attack"]

TIMEOUT = 3600 * 2
RENDERING = Lock()
"""Copier is made for one thread."""


@dataclass(frozen=True)
class Configuration:
    """A service, or bare Celery where there is no store."""

    broker: str
    store: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of the tasks of one mode."""

    configuration: Configuration
    mode: str
    tasks: int
    lost: int
    repeated: int
    outside: int
    children: int
    mains: int
    brokers: int


def attack(
    configuration: Configuration, folder: Path, *, tasks: int, every: float, seed: int, store: str = ""
) -> list[Outcome]:
    """Render a service into `folder` and attack it; `store` is the URL of its keys, by default of its own making.

    Raises RuntimeError with the logs if a mode broke its promise, Unavailable where a server is not installed.
    """
    if configuration.store:
        answers = {"broker": configuration.broker, "idempotency_store": configuration.store, "ci": "none", "deploy": []}
        with RENDERING:
            where = render(folder / "chaos", {"package": "chaos", **answers})
        path = where / "src"
        command = ["chaos.runtime.testing.chaos", "--json", "--tasks", str(tasks), "--every", str(every)]
        command += ["--seed", str(seed), *(["--store", store] if store else [])]
    else:
        where, path = ROOT, ROOT / "template/service/src/{{package}}"
        command = ["tests.chaos.bare", "attack", configuration.broker, str(tasks), str(every), str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=where,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'tests/absent'}{os.pathsep}{path}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    if done.returncode == 2:
        raise Unavailable(done.stderr)
    if done.returncode:
        raise RuntimeError(f"{configuration} broke its promise, or could not be attacked:\n{done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    return [Outcome(configuration, **row, **answer["kills"]) for row in answer["rows"]]
