"""What to do about uv.lock, which is not the template's: an update changes what it has to fit."""

import tomllib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..lock_file import has_place
from ..trees import Tree
from .merging import Outcome

__all__ = ["lock_notes"]


def lock_notes(root: Path, outcomes: Iterable[Outcome], theirs: Tree) -> list[str]:
    """A sentence where the project in `root` needs a uv.lock, or another one, once the update is there."""
    makefile = theirs.get("Makefile")
    if makefile is None or not has_place(makefile.content):
        return []
    if not (root / "uv.lock").is_file():
        needed = "Dockerfile" in theirs
        return ["There is no uv.lock, which the image needs: run make lock, and commit it."] if needed else []
    project = next((each for each in outcomes if each.path == "pyproject.toml" and each.kind == "replace"), None)
    if project is None or project.conflicts:
        return []
    if _locked(project.content) == _locked((root / "pyproject.toml").read_bytes()):
        return []
    return ["pyproject.toml names other dependencies than uv.lock: run make lock, and commit it."]


def _locked(project: bytes) -> tuple[Any, ...]:
    """What a lock has to fit, of the text of a pyproject.toml."""
    with suppress(UnicodeDecodeError, tomllib.TOMLDecodeError):
        table = tomllib.loads(project.decode()).get("project")
        if not isinstance(table, dict):
            return ()
        return tuple(table.get(name) for name in ("dependencies", "optional-dependencies", "requires-python"))
    return ()
