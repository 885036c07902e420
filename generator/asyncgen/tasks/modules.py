"""The modules that a project can import, found on the disk: nothing is run."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..environment import pyvenv_cfg, site_packages

__all__ = ["is_missing", "names_in", "search_path", "source_of"]

_COMPILED = (".so", ".pyd")
# What installers put there; these make no module importable.
_HARMLESS = {"_virtualenv.pth", "distutils-precedence.pth"}
_PTH_BYTES = 65536
_METADATA_BYTES = 2**22


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
    if ("include-system-site-packages", "true") in pyvenv_cfg(_environment(root)):
        return False
    others = _others(installed)
    if others is None:
        return False
    top = module.partition(".")[0]
    known = {name for folder in (*search_path(root), *others.folders) for name in names_in(folder)}
    return top not in known | others.names


def names_in(folder: Path) -> set[str]:
    """The names that a folder's entries have as modules, of whatever kind."""
    try:
        return {name.partition(".")[0] for name in os.listdir(folder)}
    except OSError:
        return set()


def _installed(root: Path) -> Path | None:
    """The environment's folder of modules, if it has one and no more."""
    folder = _environment(root)
    found = site_packages(folder)
    return found[0] if len(found) == 1 and found[0].is_relative_to(folder.resolve()) else None


def _environment(root: Path) -> Path:
    """The project's environment: `.venv`, else the active one if the project is installed in it from its folder."""
    own, active = root / ".venv", os.environ.get("VIRTUAL_ENV")
    if active and not os.path.lexists(own):
        for installed in site_packages(Path(active)):
            others = _others(installed)
            if others and any(folder.resolve() == (root / "src").resolve() for folder in others.folders):
                return Path(active)
    return own


@dataclass(frozen=True)
class _Others:
    """What an environment can import besides its own folder of modules: from folders, and by name."""

    folders: list[Path]
    names: set[str]


def _others(installed: Path) -> _Others | None:
    """What .pth files add, as editable installs do; None where one names no folder, or runs code of unknown effect."""
    found = _Others([], set())
    for file in installed.glob("*.pth"):
        if file.name in _HARMLESS:
            continue
        if not file.is_file() or file.stat().st_size > _PTH_BYTES:
            return None
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith(("import ", "import\t")):
                names = _names_of_code(installed, file.name)
                if names is None:
                    return None
                found.names.update(names)
            elif (installed / line.strip()).is_dir():
                found.folders.append(installed / line.strip())
            else:
                return None
    return found


def _names_of_code(installed: Path, pth: str) -> list[str] | None:
    """The modules that the code in a .pth file makes importable, by the metadata of the distribution that brought it.

    What is installed as files has no others. An editable install says in top_level.txt what its code finds; None
    where it does not, and where no distribution has the file.
    """
    for record in installed.glob("*.dist-info/RECORD"):
        if record.is_file() and any(line.startswith(f"{pth},") for line in _lines(record)):
            break
    else:
        return None
    try:
        direct = json.loads("".join(_lines(record.with_name("direct_url.json"))) or "{}")
    except ValueError:
        return None
    editable = isinstance(direct, dict) and bool(direct.get("dir_info"))
    return (_lines(record.with_name("top_level.txt")) or None) if editable else []


def _lines(file: Path) -> list[str]:
    """The lines of a file of metadata; none where there is no such file, or a larger one than installers write."""
    if not file.is_file() or file.stat().st_size > _METADATA_BYTES:
        return []
    return file.read_text(encoding="utf-8", errors="replace").splitlines()
