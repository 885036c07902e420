"""The plan of a client's folder: its new files, in place of those that asyncgen wrote and nobody has edited."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ..changes import digest_of
from ..errors import Refused
from ..plan import Change, digest

__all__ = ["LIST", "plan_client"]

LIST = ".asyncgen-client.json"
"""The file that has the digest of each file that was written."""


def plan_client(files: Mapping[str, str], root: Path) -> list[Change]:
    """The changes that make the folder `root`, which may be there, hold these files and no others that it had of them.

    Raises Refused for a file that somebody else made or edited.
    """
    written = _written(root)
    listed = {path: _digest(text) for path, text in files.items()}
    changes = []
    for path, text in {**files, LIST: json.dumps(listed, indent=2) + "\n"}.items():
        there = _text(root / path)
        if there is None:
            changes.append(Change("create", path, text))
        elif there != text:
            if path != LIST:
                _check_unedited(path, there, written)
            changes.append(Change("replace", path, text, digest(root / path)))
    for path in written.keys() - listed.keys():
        if (there := _text(root / path)) is not None:
            _check_unedited(path, there, written)
            changes.append(Change("remove", path, before=digest(root / path)))
    return changes


def _written(root: Path) -> dict[str, str]:
    """The files that an earlier run wrote, each with its digest."""
    if not os.path.lexists(root):
        return {}
    if not root.is_dir():
        raise Refused(f"expected {root} to be a folder, got: a file; name another")
    text = _text(root / LIST)
    if text is None:
        if others := sorted(path.name for path in root.iterdir() if path.name != ".git"):
            raise Refused(
                f"expected {root} to be new, empty or a client that asyncgen wrote, got: a folder with {others[0]}; "
                "name another"
            )
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Refused(f"expected {root / LIST} to be as asyncgen client wrote it, got: edits; bring it back with git")
    return found


def _check_unedited(path: str, text: str, written: Mapping[str, str]) -> None:
    if path not in written:
        raise Refused(f"expected {path} to be free, got: a file that asyncgen client did not write; move it away")
    if _digest(text) != written[path]:
        raise Refused(
            f"expected {path} to be as asyncgen client wrote it, got: edits, which would be lost; undo them, or move "
            "the file away"
        )


def _text(file: Path) -> str | None:
    """What a file holds, with `\\n` at its line ends, which git may have converted; None where there is none."""
    if not os.path.lexists(file):
        return None
    if file.is_symlink() or not file.is_file():
        raise Refused(f"expected {file} to be a file, got: a link or a folder; move it away")
    return file.read_bytes().decode(errors="surrogateescape").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return digest_of(text.encode(errors="surrogateescape"))
