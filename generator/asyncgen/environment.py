"""Whether the programs of a project's virtual environment may be run, and where that environment has its modules.

A cloned project is not trusted, and it can contain a `.venv` in many ways: as files, as a link, as a submodule. So an
environment is run only where git tracks nothing of it and it was made on this machine, for the folder that it is in.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .git import GitError, git_bytes

__all__ = [
    "Environment",
    "UntrustedError",
    "machine_program",
    "on_path",
    "own_environment",
    "pyvenv_cfg",
    "repository",
    "site_packages",
]

_CONFIG_BYTES = 65536


class UntrustedError(Exception):
    """The project's environment is not to be run; the text says why."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment whose programs may be run: its folder without links, and the project's repository."""

    folder: Path
    repository: Path

    def program(self, name: str) -> Path | None:
        """The path of a program that the environment has."""
        for file in (self.folder / "bin" / name, self.folder / "Scripts" / f"{name}.exe"):
            if file.is_file() and not self.is_brought(file):
                return file
        return None

    def is_brought(self, place: Path) -> bool:
        """Whether a place in the environment is a link to another part of the repository."""
        place = place.resolve()
        return place.is_relative_to(self.repository) and not place.is_relative_to(self.folder)


def own_environment(root: Path) -> Environment | None:
    """The environment of the project in `root`, None where it has none; UntrustedError where it is not to be run."""
    named = root.resolve() / ".venv"
    if not os.path.lexists(named):
        return None
    try:
        found = Environment(named.resolve(strict=True), repository(root.resolve()))
        objection = _tracked(found, named) or _linked(found) or _foreign(found, named)
    except (GitError, OSError, RuntimeError, ValueError) as error:
        raise UntrustedError(f".venv cannot be judged ({error})") from error
    if objection:
        raise UntrustedError(objection)
    return found


def repository(root: Path) -> Path:
    """The top folder of the git repository that holds the project; outside of one, the project itself."""
    return next((folder for folder in (root, *root.parents) if os.path.lexists(folder / ".git")), root)


def machine_program(name: str, repository: Path) -> Path | None:
    """A program beside asyncgen or on PATH, as `on_path` finds it."""
    return _program(name, [Path(sys.executable).parent, *map(Path, os.get_exec_path())], repository)


def on_path(name: str, repository: Path) -> Path | None:
    """A program on PATH, but not from a relative entry of PATH or from inside the repository."""
    return _program(name, map(Path, os.get_exec_path()), repository)


def _program(name: str, folders: Iterable[Path], repository: Path) -> Path | None:
    for folder in folders:
        # The folder counts too: a link in it could run any program of the machine under this name.
        if not folder.is_absolute() or folder.resolve().is_relative_to(repository):
            continue
        for file in (folder / name, folder / f"{name}.exe"):
            # In this order: `access` says no where `is_file` raises, as in a folder of PATH that only root may enter.
            if os.access(file, os.X_OK) and file.is_file() and not file.resolve().is_relative_to(repository):
                return file
    return None


def site_packages(folder: Path) -> list[Path]:
    """The folders, without links, in which an environment has its modules."""
    found = [*folder.glob("lib*/*/site-packages"), folder / "Lib" / "site-packages"]
    return sorted({place.resolve() for place in found if place.is_dir()})


def pyvenv_cfg(folder: Path) -> list[tuple[str, str]]:
    """The keys, in lowercase, and the values of an environment's pyvenv.cfg; none where there is no such file."""
    file = folder / "pyvenv.cfg"
    if not file.is_file() or file.stat().st_size > _CONFIG_BYTES:
        return []
    lines = (line.partition("=") for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return [(key.strip().lower(), value.strip()) for key, _, value in lines]


def _tracked(found: Environment, named: Path) -> str:
    """Which part of the environment is in the repository, by the index: its flags and .gitignore hide nothing."""
    inside = [place for place in (named, found.folder) if place.is_relative_to(found.repository)]
    names = {_folded(place.relative_to(found.repository).as_posix()) for place in inside}
    # Without a pathspec, which an environment variable could turn into another.
    for path in os.fsdecode(git_bytes("ls-files", "-z", at=found.repository)).split("\0"):
        folded = _folded(path)
        if path and any(name in (".", folded) or folded.startswith(f"{name}/") for name in names):
            return f"git tracks {''.join(letter if letter.isprintable() else '?' for letter in path)}"
    # A submodule or a nested repository has an index of its own.
    for place in (found.folder, *found.folder.parents):
        if not place.is_relative_to(found.repository) or place == found.repository:
            break
        if os.path.lexists(place / ".git"):
            return f"{place} is a git repository of its own"
    return ""


def _folded(path: str) -> str:
    """A path as case-insensitive file systems compare it: .VENV in a repository is .venv there."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())


def _linked(found: Environment) -> str:
    """A part of the environment that is a link to another part of the repository."""
    parts = [found.folder / part for part in ("pyvenv.cfg", "bin", "bin/python", "Scripts", "Scripts/python.exe")]
    modules = [*found.folder.glob("lib*/*/site-packages"), found.folder / "Lib" / "site-packages"]
    for part in (*parts, *modules):
        if found.is_brought(part):
            return f"{part} is a link to {part.resolve()}"
    return ""


def _foreign(found: Environment, named: Path) -> str:
    """Why an environment seems to be made on another machine, or to come from an archive."""
    homes = [Path(value) for key, value in pyvenv_cfg(found.folder) if key == "home"]
    if not homes or not all(
        home.is_absolute() and home.is_dir() and not home.resolve().is_relative_to(found.repository) for home in homes
    ):
        return "the pyvenv.cfg of .venv names no Python of this machine"
    scripts = [found.folder / "bin" / "activate", found.folder / "Scripts" / "activate"]
    texts = [script.read_text(encoding="utf-8", errors="replace") for script in scripts if script.is_file()]
    if not any(str(place) in text for text in texts for place in (found.folder, named)):
        return ".venv was not made for the folder that it is in; remove it and run make test"
    return ""
