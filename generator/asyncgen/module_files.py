"""The Python modules in the folders of a service: regular files that can be read.

Editors and systems leave other things called `.py` beside them: lock links, AppleDouble files, folders, pipes.
"""

import os
from pathlib import Path

__all__ = ["NO_PYTHON", "modules", "strays"]

NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `ast.parse` raises for bytes that are no Python."""


def modules(folder: Path, *, below: bool = False) -> list[Path]:
    """The modules in a folder, sorted; with `below` also those in its folders."""
    return [path for path in _called_so(folder, below) if _is_module(path)]


def strays(root: Path, *folders: str, below: bool = False) -> list[str]:
    """A sentence for each path in these folders of a project that is called a module and is none, and for a folder."""
    found = [path for folder in folders for path in _called_so(root / folder, below) if not _is_module(path)]
    found += [root / folder for folder in folders if os.path.lexists(root / folder) and not _is_folder(root / folder)]
    return [f"{path.relative_to(root).as_posix()} was left out: it is no module that can be read." for path in found]


def _called_so(folder: Path, below: bool) -> list[Path]:
    found = folder.glob("**/*.py" if below else "*.py")
    # What is in a hidden folder belongs to a tool.
    return sorted(path for path in found if not any(part[0] == "." for part in path.relative_to(folder).parts[:-1]))


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK)


def _is_module(path: Path) -> bool:
    try:
        # Python imports no name that begins with a dot.
        return not path.name.startswith(".") and path.is_file() and os.access(path, os.R_OK)
    except OSError:
        return False
