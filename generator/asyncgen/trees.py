"""Files by their path, in memory and in a temporary folder; bytes as they are, whatever git is configured to do."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .bundle import File
from .errors import Refused

__all__ = ["Tree", "fill", "read_tree"]

Tree = Mapping[str, File]
"""Files by their path, with slashes."""


def fill(folder: Path, files: Tree) -> Path:
    """Write files into a temporary folder; Refused for a path that leaves it."""
    for path, file in files.items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise Refused(f"expected the files of the template to stay in it, got: {path}; use another template")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        if file.executable:
            # As git does: who may read it may run it, so that the umask holds.
            mode = target.stat().st_mode
            target.chmod(mode | (mode & 0o444) >> 2)
    return folder


def read_tree(folder: Path, paths: Iterable[str] | None = None) -> dict[str, File]:
    """The files below a folder, or those of them that are named; links are left out."""
    found = [folder / path for path in paths] if paths is not None else list(folder.rglob("*"))
    return {
        file.relative_to(folder).as_posix(): File(file.read_bytes(), bool(file.stat().st_mode & 0o100))
        for file in found
        if file.is_file() and not file.is_symlink()
    }
