"""The workflows of a service, read from their files. Files are parsed; nothing is imported."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..module_files import modules
from ..service import Service
from ..tasks.listing import parse_file
from .shape import Shape, Step

__all__ = ["Workflow", "importers", "list_workflows", "uses"]


@dataclass(frozen=True)
class Workflow:
    """`tasks` are those that the file imports, `edges` the pairs of them of which the second follows the first."""

    name: str
    file: str
    tasks: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]


def list_workflows(service: Service) -> list[Workflow]:
    """Every workflow of the service; Refused for a file that is no Python."""
    return [_workflow(path, service) for path in service.modules("workflows")]


def uses(service: Service) -> dict[str, list[str]]:
    """The workflows that each task is a step of, by the task's name."""
    found: dict[str, list[str]] = {}
    for workflow in list_workflows(service):
        for task in workflow.tasks:
            found.setdefault(task, []).append(workflow.name)
    return found


def importers(service: Service) -> dict[str, list[str]]:
    """The other files of the service's package that import a task, such as `api.py`, by the task's name."""
    package = service.root / "src" / service.package
    found: dict[str, list[str]] = {}
    for path in modules(package, below=True):
        if path.relative_to(package).parts[0] not in ("runtime", "tasks", "workflows"):
            nodes = ast.walk(parse_file(path, service))
            tasks = {
                task for node in nodes if isinstance(node, ast.ImportFrom) for task in _tasks_of(node, service.package)
            }
            for task in tasks:
                found.setdefault(task, []).append(path.relative_to(service.root).as_posix())
    return found


def _workflow(path: Path, service: Service) -> Workflow:
    nodes = list(ast.walk(parse_file(path, service)))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    tasks = {task for node in imports for task in _tasks_of(node, service.package)}
    names = {alias.asname or alias.name: alias.name for node in imports for alias in node.names}
    shapes = [shape for node in nodes if (shape := _shape(node, names))]
    file = path.relative_to(service.root).as_posix()
    return Workflow(path.stem, file, tuple(sorted(tasks)), tuple(edge for shape in shapes for edge in shape.edges))


def _shape(node: ast.AST, names: Mapping[str, str]) -> Shape | None:
    """The shape that a call such as `chain(workflow.step("1", task), ...)` makes, if all of its parts are steps.

    names: the tasks by the names that the file has for them.
    """
    match node:
        case ast.Call(func=ast.Name(id="chord"), args=[ast.List(elts=parts), body]):
            return _shape_of("chord", [*parts, body], names)
        case ast.Call(func=ast.Name(id="chain" | "group" as kind), args=parts):
            return _shape_of(kind, parts, names)
    return None


def _shape_of(kind: str, parts: Sequence[ast.expr], names: Mapping[str, str]) -> Shape | None:
    steps = []
    for part in parts:
        match part:
            case ast.Call(func=ast.Attribute(attr="step"), args=[_, ast.Name(id=name), *_]):
                steps.append(Step(names.get(name, name), ()))
            case _:
                return None
    return Shape(kind, tuple(steps))


def _tasks_of(node: ast.ImportFrom, package: str) -> set[str]:
    """The task files that an import names: `from ..tasks.a import a`, `from ..tasks import a`, also in full."""
    module = node.module or ""
    module = module.removeprefix(f"{package}.") if not node.level else module
    if module == "tasks":
        return {alias.name for alias in node.names}
    return {module.split(".")[1]} if module.startswith("tasks.") else set()
