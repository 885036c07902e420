"""The tasks of a service, read from their files, sorted by name. Files are parsed; nothing is imported."""

import ast
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..errors import BadInput, Refused
from ..module_files import NO_PYTHON
from ..service import Service
from .base_class import options_of_class
from .every import parse_every
from .literals import literal
from .unwritten import unwritten_work

__all__ = [
    "Listed",
    "all_options",
    "base_classes",
    "decorated",
    "list_tasks",
    "options_of",
    "own_name",
    "parse_file",
    "task_functions",
]


@dataclass(frozen=True)
class Listed:
    """The options of a task, or of its base class; None where one is not a literal. `file` is relative to the service.

    full_name: its name in the code; "" where that is computed.
    """

    name: str
    full_name: str
    file: str
    line: int
    queue: str | None
    idempotency: str | None
    key: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    """Each argument's name and its type, as in the signature."""
    soft_time_limit: int | None
    time_limit: int | None
    max_retries: int | None
    retry_on: tuple[str, ...]
    rate_limit: str | None
    breaker: str | None
    every: str | None
    keep_result: str | None
    written: bool

    def next_run(self, now: datetime | None = None) -> datetime | None:
        """When the schedule is due next; None without a schedule, and for one that cannot be read."""
        try:
            return parse_every(self.every).next_run(now or datetime.now(UTC)) if self.every else None
        except BadInput:
            return None


def list_tasks(service: Service) -> list[Listed]:
    """Every task of the service; Refused for a file that is no Python."""
    bases = base_classes(service)
    found = [task for path in service.modules("tasks") for task in _tasks_in(path, service, bases)]
    return sorted(found, key=lambda task: task.name)


def base_classes(service: Service) -> ast.Module:
    """The syntax tree of the service's task.py; an empty one where there is none."""
    path = service.root / "src" / service.package / "task.py"
    return parse_file(path, service) if path.is_file() else ast.Module([], [])


def parse_file(path: Path, service: Service) -> ast.Module:
    """The syntax tree of one of the service's files; Refused, with the place, if it has none."""
    shown = path.relative_to(service.root).as_posix()
    try:
        return ast.parse(path.read_bytes())
    except NO_PYTHON as error:
        line = getattr(error, "lineno", None)
        got = f"{error.msg} in line {line}" if isinstance(error, SyntaxError) and line else str(error) or "no text"
        raise Refused(f"expected {shown} to be Python, got: {got}; correct the file") from error


def _tasks_in(path: Path, service: Service, bases: ast.Module) -> list[Listed]:
    tree = parse_file(path, service)
    return [_listed(node, path, service, tree, bases) for node in task_functions(tree)]


def task_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions of a module that are tasks."""
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and decorated(node) is not None]


def decorated(function: ast.FunctionDef) -> ast.expr | None:
    """The decorator that makes a function a task; None for one that is no task."""
    for decorator in function.decorator_list:
        name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name.rpartition(".")[2] == "shared_task":
            return decorator
    return None


def options_of(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """The options of `@shared_task(...)`."""
    decorator = decorated(function)
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return {keyword.arg: keyword.value for keyword in keywords if keyword.arg}


def all_options(function: ast.FunctionDef, bases: ast.Module) -> dict[str, ast.expr]:
    """The options of a task, with those of its base class for what it does not say."""
    own = options_of(function)
    base = ast.unparse(own["base"]) if "base" in own else "ServiceTask"
    return options_of_class(base, bases) | own


def own_name(function: ast.FunctionDef, module: str) -> str:
    """The full name of a task in the code; "" for a computed one."""
    name = options_of(function).get("name")
    if name is None:
        return f"{module}.{function.name}"
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""


def _listed(function: ast.FunctionDef, path: Path, service: Service, tree: ast.Module, bases: ast.Module) -> Listed:
    options = all_options(function, bases)
    queue, retry_on = options.get("work_queue"), options.get("autoretry_for")
    arguments = function.args
    own = [each for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if each.arg != "self"]
    literals = {name: literal(value) for name, value in options.items()}
    return Listed(
        name=function.name,
        full_name=own_name(function, f"{service.package}.tasks.{path.stem}"),
        file=path.relative_to(service.root).as_posix(),
        line=function.lineno,
        queue=queue.attr if isinstance(queue, ast.Attribute) else None,
        idempotency=_text(literals.get("idempotency")),
        key=tuple(str(name) for name in literals.get("key") or ()),
        # The values of a Literal in the quotes that a task file has them in.
        arguments=tuple((a.arg, ast.unparse(a.annotation).replace("'", '"') if a.annotation else "") for a in own),
        soft_time_limit=_number(literals.get("soft_time_limit")),
        time_limit=_number(literals.get("time_limit")),
        max_retries=_number(literals.get("max_retries")),
        retry_on=tuple(ast.unparse(error) for error in retry_on.elts) if isinstance(retry_on, ast.Tuple) else (),
        rate_limit=_text(literals.get("rate_limit")),
        breaker=_text(literals.get("breaker")),
        every=_text(literals.get("every")),
        keep_result=_text(literals.get("keep_result")),
        written=unwritten_work(tree, function.name) is None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
