"""The modules that a project can import, found on the disk: nothing is run."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..environment import pyvenv_cfg, site_packages

__all__ = ["is_missing", "search_path", "source_of"]

_COMPILED = (".so", ".pyd")
# What installers put there; these make no module importable.
_HARMLESS = {"_virtualenv.pth", "distutils-precedence.pth"}
_PTH_BYTES = 65536


def search_path(root: Path) -> tuple[Path, ...]:
    """The folders of the project's own modules and of its environment's; no environment where there is doubt."""
    installed = _installed(root)
    return (root / "src", *([installed] if installed else []), root)


def source_of(module: str, folders: tuple[Path, ...]) -> Path | None:
    """The source of a module; None where it is not there, compiled, or a link out of its folder."""
    place = Path(*module.split("."))
    for folder in folders:
        for file in (folder / place / "__init__.py", folder / f"{place}.py"):
            if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
                compiled = any(other.suffix in _COMPILED for other in file.parent.glob(f"{file.stem}.*"))
                return None if compiled else file
    return None


@cache
def is_missing(module: str, root: Path) -> bool:
    """Whether the project's environment is complete, and has no top-level module of that name, of whatever kind."""
    installed = _installed(root)
    # Every service needs Celery: an environment without it is not what make test makes.
    if installed is None or not (installed / "celery").is_dir():
        return False
    if ("include-system-site-packages", "true") in pyvenv_cfg(root / ".venv"):
        return False
    others = _others(installed)
    if others is None:
        return False
    top = module.partition(".")[0]
    return not any(name.partition(".")[0] == top for folder in (*search_path(root), *others) for name in _names(folder))


def _installed(root: Path) -> Path | None:
    """The environment's folder of modules, if it has one and no more."""
    folder = root / ".venv"
    found = site_packages(folder)
    return found[0] if len(found) == 1 and found[0].is_relative_to(folder.resolve()) else None


def _others(installed: Path) -> list[Path] | None:
    """The folders that .pth files add, as editable installs do; None where one runs code, or names no folder."""
    found = []
    for file in installed.glob("*.pth"):
        if file.name in _HARMLESS:
            continue
        if not file.is_file() or file.stat().st_size > _PTH_BYTES:
            return None
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip() and not line.startswith("#"):
                folder = installed / line.strip()
                if line.startswith(("import ", "import\t")) or not folder.is_dir():
                    return None
                found.append(folder)
    return found


def _names(folder: Path) -> Iterator[str]:
    try:
        yield from os.listdir(folder)
    except OSError:
        return
