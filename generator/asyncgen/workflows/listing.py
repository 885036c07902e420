"""The workflows of a service, read from their files. Files are parsed; nothing is imported."""

import ast
from dataclasses import dataclass
from pathlib import Path

from ..module_files import modules
from ..service import Service
from ..tasks.listing import parse_file
from .record import parse_record

__all__ = ["Workflow", "list_workflows", "uses", "workflow_files"]


@dataclass(frozen=True)
class Workflow:
    """`tasks` are those that the file imports, `edges` the pairs of them that its record puts in an order."""

    name: str
    file: str
    tasks: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]


def workflow_files(service: Service) -> list[Path]:
    """The files of the service's package `workflows`, sorted."""
    folder = service.root / "src" / service.package / "workflows"
    return [path for path in modules(folder) if not path.name.startswith("_")]


def list_workflows(service: Service) -> list[Workflow]:
    """Every workflow of the service; Refused for a file that is no Python."""
    return [_workflow(path, service) for path in workflow_files(service)]


def uses(service: Service) -> dict[str, list[str]]:
    """The workflows that each task is a step of, by the task's name."""
    found: dict[str, list[str]] = {}
    for workflow in list_workflows(service):
        for task in workflow.tasks:
            found.setdefault(task, []).append(workflow.name)
    return found


def _workflow(path: Path, service: Service) -> Workflow:
    tasks: set[str] = set()
    for node in ast.walk(parse_file(path, service)):
        if isinstance(node, ast.ImportFrom):
            tasks |= _tasks_of(node, service.package)
    record = parse_record(path.read_text(encoding="utf-8", errors="replace"))
    file = path.relative_to(service.root).as_posix()
    return Workflow(path.stem, file, tuple(sorted(tasks)), record.shape.edges if record else ())


def _tasks_of(node: ast.ImportFrom, package: str) -> set[str]:
    """The task files that an import names: `from ..tasks.a import a`, `from ..tasks import a`, also in full."""
    module = node.module or ""
    module = module.removeprefix(f"{package}.") if not node.level else module
    if module == "tasks":
        return {alias.name for alias in node.names}
    return {module.split(".")[1]} if module.startswith("tasks.") else set()
