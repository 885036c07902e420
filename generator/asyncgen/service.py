"""A generated service: its recorded answers, its modules and its queues, read from files. Nothing is imported."""

import ast
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import Refused
from .module_files import NO_PYTHON, modules
from .names import ANSWERS_FILE
from .safe_yaml import load_mapping

__all__ = ["QueueClass", "Service", "find_service", "read_queues"]


@dataclass(frozen=True)
class QueueClass:
    """A line of the queue table: the member's name in `Queue`, and its options; times are in seconds.

    max_runtime: `longest_run` in services of release 0.2.1 and earlier ones.
    concurrency: 0 for one process for each core.
    """

    member: str
    max_runtime: int
    name: str = ""
    prefetch: int = 1
    concurrency: int = 0
    pool: str = "prefork"


@dataclass(frozen=True)
class Service:
    """A generated project at `root`, with the template version that it records."""

    root: Path
    package: str
    src_path: str
    commit: str
    answers: dict[str, Any]

    @property
    def module_names(self) -> frozenset[str]:
        """The names of the modules and packages in the service's package."""
        inside = (self.root / "src" / self.package).iterdir()
        return frozenset(path.stem for path in inside if not path.name.startswith((".", "_")))

    def modules(self, package: str) -> list[Path]:
        """The public modules of a package such as `tasks`, sorted."""
        files = modules(self.root / "src" / self.package / package)
        return [path for path in files if not path.name.startswith("_")]

    @property
    def queue_table(self) -> Path:
        """The path of the queue table."""
        return self.root / "src" / self.package / "queues.py"

    @property
    def has_runtime(self) -> bool:
        """Whether the service has a package `runtime`: those of releases before 0.3.0 have none."""
        return (self.root / "src" / self.package / "runtime").is_dir()

    def queues(self) -> tuple[QueueClass, ...]:
        """The members of `Queue` in the service's queues.py, in its order; Refused if it cannot be read."""
        path = self.queue_table
        try:
            # A pipe would never end.
            found = read_queues(path.read_text(encoding="utf-8")) if path.is_file() else ()
        except (OSError, *NO_PYTHON) as error:
            raise self._unreadable(path, str(error) or "no Python") from error
        if not found:
            raise self._unreadable(path, "none")
        return found

    def _unreadable(self, path: Path, got: str) -> Refused:
        return Refused(
            f"expected {path.relative_to(self.root)} to hold a class Queue with lines like "
            f'DEFAULT = QueueClass("default", longest_run=300), got: {got}; restore it'
        )


def read_queues(table: str) -> tuple[QueueClass, ...]:
    """The queue classes in the text of a queues.py; SyntaxError if it is no Python."""
    return tuple(
        queue
        for node in ast.parse(table).body
        if isinstance(node, ast.ClassDef) and node.name == "Queue"
        for line in node.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)
        for target in line.targets
        if isinstance(target, ast.Name) and (queue := _queue_class(target.id, line.value))
    )


def _queue_class(member: str, call: ast.Call) -> QueueClass | None:
    # In the order of the fields of the service's own QueueClass.
    fields = dict(zip(("name", "max_runtime", "prefetch", "concurrency", "pool"), call.args, strict=False))
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    fields |= {"max_runtime" if name == "longest_run" else name: value for name, value in keywords.items()}
    numbers = {
        field: _seconds(fields[field]) for field in ("max_runtime", "prefetch", "concurrency") if field in fields
    }
    texts = {
        field: value.value
        for field in ("name", "pool")
        if isinstance(value := fields.get(field), ast.Constant) and isinstance(value.value, str)
    }
    if not numbers.get("max_runtime"):
        return None
    return QueueClass(
        member,
        max_runtime=numbers["max_runtime"] or 0,
        name=texts.get("name", member.lower()),
        prefetch=numbers.get("prefetch") or 1,
        concurrency=numbers.get("concurrency") or 0,
        pool=texts.get("pool", "prefork"),
    )


def _seconds(node: ast.expr) -> int | None:
    """An integer, or a product of integers such as `25 * 60`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        factors = [_seconds(node.left), _seconds(node.right)]
        return math.prod(f for f in factors if f) if all(factors) else None
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


def find_service(start: Path) -> Service:
    """The service that holds the folder `start`; Refused where there is none."""
    for folder in (start, *start.parents):
        if (folder / ANSWERS_FILE).is_file():
            return _load(folder)
    raise Refused(
        f"expected a service made by asyncgen, with its {ANSWERS_FILE}, got: none in {start} or above; "
        "go into one, or make one with asyncgen new"
    )


def _load(root: Path) -> Service:
    path = root / ANSWERS_FILE
    try:
        answers = load_mapping(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(f"expected {path} to be YAML, got: {error}; restore it from git") from error
    for name in ("_src_path", "_commit", "package"):
        value = answers.get(name)
        if value is None:
            raise Refused(f"expected {path} to record {name}, got: nothing; restore it from git")
        # A sha of digits is a number in YAML, and another one if it begins with 0.
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            got = repr(value) if isinstance(value, str) else f"a value of the type {type(value).__name__}"
            raise Refused(f"expected {name} in {path} to be text, in quotes, got: {got}; restore it from git")
    package = str(answers["package"])
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", package):
        raise Refused(f"expected package in {path} to be a package's name, got: {package}; restore it from git")
    if not (root / "src" / package).is_dir():
        raise Refused(f"expected the package at {root / 'src' / package}, got: no such folder; restore it from git")
    return Service(root, package, str(answers["_src_path"]), str(answers["_commit"]), answers)
