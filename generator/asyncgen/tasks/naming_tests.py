"""The tests that name a task, found by their text and their syntax: nothing is imported."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from ..module_files import NO_PYTHON, modules
from ..service import Service

__all__ = ["naming_tests"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def naming_tests(path: Path, name: str, names: Collection[str], service: Service) -> list[str]:
    """pytest's ids of the tests that name a task, sorted; the file alone where its tests do so by other functions.

    path: the task's file. name: its function. names: its full names.
    """
    module = f"{service.package}.tasks.{path.stem}"
    words = re.compile(rf"\b({re.escape(path.stem)}|{re.escape(name)})\b".encode())
    found: list[str] = []
    for file in modules(service.root / "tests", below=True):
        if not file.name.startswith("test_") or not words.search(text := file.read_bytes()):
            continue
        try:
            tree = ast.parse(text)
        except NO_PYTHON:
            continue
        bound = _bound(tree, module, name)
        if bound or any(_says(node, names) for node in ast.walk(tree)):
            shown = file.relative_to(service.root).as_posix()
            ids = [f"{shown}::{test}" for test, node in _tests(tree) if _names(node, bound, names)]
            found += ids or [shown]
    return sorted(found)


def _bound(tree: ast.Module, module: str, name: str) -> set[str]:
    """What a file calls the task or its module, and the variables that are made of these."""
    package, _, last = module.rpartition(".")
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0] for each in node.names if each.name == module}
        elif isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            found |= {each.asname or each.name for each in node.names if each.name in (last, name)}
    for line in tree.body:
        targets = (
            line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
        )
        if targets and _names(line, found, ()):
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def _tests(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    for node in tree.body:
        inside = (
            [("", node)] if not isinstance(node, ast.ClassDef) else [(f"{node.name}::", each) for each in node.body]
        )
        for prefix, each in inside:
            if isinstance(each, _Function) and each.name.startswith("test"):
                yield f"{prefix}{each.name}", each


def _names(node: ast.AST, bound: Collection[str], names: Collection[str]) -> bool:
    inside = list(ast.walk(node))
    return any(isinstance(each, ast.Name) and each.id in bound for each in inside) or any(
        _says(each, names) for each in inside
    )


def _says(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, ast.Constant) and node.value in names
