"""README.md, compose.yaml and the manifests beside the queue table, which `asyncgen sync-queues` brings them up to."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import yaml

from ..queues import QueueClass, grace_period
from ..settings import NAME, settings
from .app import load_app
from .requirement import ROOT

__all__ = ["queue_differences"]


def queue_differences(folder: Path = ROOT) -> list[str]:
    """What the files in `folder` say otherwise than the queue table; nothing if each queue is in them, and no other."""
    queues = load_app().service.queues
    readme, compose = (folder / "README.md").read_text(encoding="utf-8"), folder / "compose.yaml"
    manifests = folder / "kubernetes" / "workers.yaml"
    table = readme.partition("| queue | max runtime |\n|---|---|\n")[2].partition("\n\n")[0]
    diagram = readme.partition("```mermaid\n")[2].partition("\n```")[0]
    wrong = {
        "the table of README.md": table.splitlines()
        != [f"| `{each.name}` | {each.max_runtime} s |" for each in queues],
        "the diagram of README.md": diagram.splitlines() != _diagram(queues),
        "the workers of compose.yaml": compose.is_file() and _services(compose) != _grace_periods(queues),
        "the workers of kubernetes/workers.yaml": manifests.is_file() and _pods(manifests) != _grace_periods(queues),
    }
    return [part for part, differs in wrong.items() if differs]


def _diagram(queues: Sequence[QueueClass]) -> list[str]:
    beats = find_spec(f"{NAME}.runtime.cli.beat") is not None
    lines = ["flowchart LR", "    publisher([publisher])", *(["    beat([beat])"] if beats else [])]
    for queue in queues:
        lines.append(f"    publisher --> {queue.name}[[{queue.name}]]")
        lines += [f"    beat --> {queue.name}"] if beats else []
        lines.append(f"    {queue.name} --> worker_{queue.name}(worker, runs of up to {queue.max_runtime} s)")
        lines.append(f"    worker_{queue.name} -. fails for good .-> {queue.name}_dead[({queue.name}.dead)]")
    return lines


def _services(compose: Path) -> dict[tuple[str, ...], str]:
    """The command of each service of workers, and its grace period."""
    services = yaml.safe_load(compose.read_text(encoding="utf-8"))["services"]
    workers = [service for name, service in services.items() if name.startswith("worker-")]
    return {tuple(each["command"]): each["stop_grace_period"] for each in workers}


def _pods(manifests: Path) -> dict[tuple[str, ...], str]:
    """The arguments of each Deployment's pods, and their grace period."""
    found = yaml.safe_load_all(manifests.read_text(encoding="utf-8"))
    pods = [each["spec"]["template"]["spec"] for each in found if each and each["kind"] == "Deployment"]
    return {tuple(pod["containers"][0]["args"]): f"{pod.get('terminationGracePeriodSeconds')}s" for pod in pods}


def _grace_periods(queues: Sequence[QueueClass]) -> dict[tuple[str, ...], str]:
    return {("worker", "--queue", queue.name): f"{grace_period([queue], settings())}s" for queue in queues}
