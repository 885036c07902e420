"""One run for each configuration: a service that is rendered and attacked, or bare Celery."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.template.rendering import ROOT, render

__all__ = ["Configuration", "Outcome", "attack"]

PATIENCE = 3600 * 2


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

    Raises RuntimeError with the logs if a mode broke its promise.
    """
    service = render(
        folder / "chaos",
        {
            "package": "chaos",
            "broker": configuration.broker,
            "idempotency_store": configuration.store or "redis",
            "ci": "none",
            "deploy": [],
        },
    )
    if configuration.store:
        command = ["dev.chaos", "--json", "--tasks", str(tasks), "--every", str(every), "--seed", str(seed)]
        command += ["--store", store] if store else []
        where, path = service, [service / "src"]
    else:
        command = ["tests.reliability.chaos.bare", configuration.broker, str(tasks), str(every), str(seed)]
        where, path = ROOT, [service]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=where,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"{configuration} broke its promise, or could not be attacked:\n{done.stdout}{done.stderr}")
    answer = json.loads(done.stdout)
    return [Outcome(configuration, **row, **answer["kills"]) for row in answer["rows"]]
