"""The files of a project by the dotted names under which its code could import them.

A module is known from the folder above its topmost package, and from each folder above that up to the project's
root; a root that is a package itself counts with its name, and a package in a folder `shop-1.0` is `shop`. A package
that programs start from counts as no package too: the root, `src`, a folder with a `manage.py` or a `setup.py`.

The exception is a module that imports its own short name: `shop/celery.py` with `from celery import Celery` in a
folder without `__init__.py` is `shop.celery` alone, since as `celery` it would import itself.
"""

import os
import re
import sys
from collections import defaultdict
from pathlib import Path

from asyncgen.check.source.files import SourceFile

__all__ = ["ModuleFinder"]


#: Folders from which programs start, so that code imports from within, though they are packages.
_STARTS = {"src", "lib", "python"}
_MARKERS = ("manage.py", "setup.py", "pyproject.toml", "setup.cfg", "requirements.txt")
#: How deep below the root such a folder can be.
_DEPTH = 3
#: A name of these means the distribution, even where a folder that is no start of anything has such a file.
_LIBRARIES = sys.stdlib_module_names | {"celery", "django", "flask", "kombu", "redis", "requests", "sqlalchemy"}


class ModuleFinder:
    def __init__(self, root: Path, files: list[SourceFile]) -> None:
        self._root = root
        self._packages = {os.path.dirname(file.path) for file in files if file.path.name == "__init__.py"}
        self._base = root
        while (self._base / "__init__.py").is_file() and self._base != self._base.parent:
            self._packages.add(str(self._base))
            self._base = self._base.parent
        self._with_celery = {file.path for file in files if file.content is not None}
        self._shadowing = {_module_path(file.path) for file in files if _imports_its_own_name(file)}
        self._base_text = os.path.join(self._base, "")
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._main_name: dict[Path, str] = {}
        self._starts: dict[tuple[str, ...], bool] = {}
        for file in files:
            self._register(file.path)

    def _register(self, path: Path) -> None:
        text, base = str(path), self._base_text
        parts = os.path.splitext(text[len(base) :])[0].split(os.sep) if text.startswith(base) else [path.stem]
        folders = list(parts)
        for depth, part in enumerate(parts[:-1]):
            if not part.isidentifier() and os.path.join(base, *folders[: depth + 1]) in self._packages:
                name = re.split(r"[-.]", part)[0]
                parts[depth] = part if name in _LIBRARIES else name
        if parts[-1] == "__init__":
            parts.pop()
        top = _module_path(path)
        start = max(len(parts) - 1, 0)
        while start > 0 and os.path.dirname(top) in self._packages:
            start -= 1
            top = os.path.dirname(top)
        if top in self._shadowing:
            if start > 0:
                start -= 1
            elif path.name != "__init__.py":  # Celery's own package does import from itself
                parts.insert(0, self._base.name)
                folders.insert(0, "")
        self._main_name[path] = ".".join(parts[start:])
        for first in range(start, -1, -1):
            self._by_name[".".join(parts[first:])].append(path)
        for first in range(start + 1, min(len(parts), start + 1 + _DEPTH)):
            if self._is_start(tuple(folders[:first])) and parts[first] not in _LIBRARIES:
                self._by_name[".".join(parts[first:])].append(path)

    def _is_start(self, parts: tuple[str, ...]) -> bool:
        """Whether programs start in a folder, though it is a package."""
        if parts not in self._starts:
            folder = self._base.joinpath(*parts)
            self._starts[parts] = folder.is_relative_to(self._root) and (
                folder == self._root or folder.name in _STARTS or any((folder / name).is_file() for name in _MARKERS)
            )
        return self._starts[parts]

    def name_of(self, path: Path) -> str:
        """The name by which the project's own code most likely imports it."""
        return self._main_name.get(path, path.stem)

    def find(self, name: str, near: Path | None = None) -> Path | None:
        """The file of that dotted name; of several, the one nearest to the file that asks."""
        paths = self._by_name.get(name)
        if not paths:
            return None
        if len(paths) > 1 and near is not None:
            return max(paths, key=lambda path: len(os.path.commonpath([path, near])))
        return paths[0]

    def has(self, name: str) -> bool:
        return name in self._by_name

    def note_celery(self, path: Path) -> None:
        """A file turned out to have to do with Celery, though it does not name it."""
        self._with_celery.add(path)

    def may_pass_on_celery(self, name: str) -> bool:
        """Whether a module could pass on something of Celery's: it speaks of it, or is a package's front."""
        return any(path in self._with_celery or path.name == "__init__.py" for path in self._by_name.get(name, ()))


def _module_path(path: Path) -> str:
    """The module as others see it: the folder of a package, else the file without its ending."""
    return os.path.dirname(path) if path.name == "__init__.py" else os.path.splitext(path)[0]


def _imports_its_own_name(file: SourceFile) -> bool:
    return (
        file.content is not None
        and b"from %b import" % os.fsencode(os.path.basename(_module_path(file.path))) in file.content
    )
