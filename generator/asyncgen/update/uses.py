"""Which of the user's files name a queue. Bytes are searched: neither the encoding nor the syntax of a file matters."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..changes import plain
from ..module_files import modules
from ..service import Service
from ..trees import Tree
from .renders import is_users

__all__ = ["queues_named"]

_NAMED = re.compile(rb"\bQueue(?:\.|\[[\"'])([A-Z][A-Z0-9_]*)")


def queues_named(service: Service, base: Tree) -> dict[str, list[str]]:
    """The members of `Queue` that the service's package and its tests name, each with the files that do.

    Tasks and workflows are given by their names, other files by their paths. base: what the template made. A file of
    the template's without an edit does not count, since the new release brings its own.
    """
    found: dict[str, list[str]] = {}
    for path, content in _users_files(service, base):
        package = path.parent.name if path.is_relative_to(f"src/{service.package}") else ""
        shown = path.stem if package in ("tasks", "workflows") else path.as_posix()
        for name in sorted({name.decode() for name in _NAMED.findall(content)}):
            found.setdefault(name, []).append(shown)
    return found


def _users_files(service: Service, base: Tree) -> Iterator[tuple[Path, bytes]]:
    """The path in the service, and the content, of each module that is the user's or was edited."""
    for folder in (service.root / "src" / service.package, service.root / "tests"):
        for file in modules(folder, below=True):
            path, content = file.relative_to(service.root), file.read_bytes()
            made = base.get(path.as_posix())
            edited = made is None or plain(content) != made.content
            if file != service.queue_table and (edited or is_users(path.as_posix(), service.package)):
                yield path, content
