"""The files of a service in which a task may be named: Python, and the configuration of tools."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..check.source.files import walk
from ..service import Service
from .source import Source, parsed

__all__ = ["mentions", "sources"]

_DYNAMIC = rb"import_module\(|__import__\("
_CONFIGURATION = ("*.toml", "*.cfg", "*.ini", "*.yaml", "*.yml", "Makefile", "Dockerfile", ".github/workflows/*.yml")
CONTRACT = "contract.yaml"


def sources(service: Service, name: str) -> list[Source]:
    """The modules and stubs of the project that have the name in them, or import others by a computed name.

    The runtime, which knows no task, and folders that are projects of their own are left out. Refused for one that is
    no Python.
    """
    named = re.compile(rb"\b%s\b|%s" % (name.encode(), _DYNAMIC))
    found = []
    for file in _modules(service):
        path = file.relative_to(service.root)
        content = file.read_bytes()
        inside = (service.root / folder for folder in path.parents[:-1])
        if named.search(content) and not any((folder / "pyproject.toml").is_file() for folder in inside):
            found.append(parsed(path.as_posix(), content))
    return found


def mentions(service: Service, name: str) -> Iterator[tuple[str, int, str]]:
    """The path, the number and the text of each line of configuration that names the task's module or a file of it.

    The contract is left out: it is made anew.
    """
    dotted = rf"(?<![\w.]){service.package}\.tasks\.{name}(?!\w)"
    named = re.compile(rf"{dotted}|\btasks/(test_)?{name}\.py\b")
    for pattern in _CONFIGURATION:
        for file in sorted(service.root.glob(pattern)):
            if file.is_file() and file.name != CONTRACT:
                text = file.read_text(encoding="utf-8", errors="replace")
                for number, line in enumerate(text.split("\n"), 1):
                    if found := named.search(line):
                        yield file.relative_to(service.root).as_posix(), number, found[0]


def _modules(service: Service) -> Iterator[Path]:
    runtime = service.root / "src" / service.package / "runtime"
    stubs = (file for file in sorted((service.root / "src").rglob("*.pyi")) if file.is_file())
    for file in (*(path for path, real in walk(service.root) if real), *stubs):
        # A link leads to a file that is found itself, or is not the project's.
        if not file.is_symlink() and not file.is_relative_to(runtime):
            yield file
