"""A git bundle, written without git: the same files give the same commit, whatever they are read from.

Each release is one commit without parents and with a fixed date. Its sha follows from its version and its files
alone, so a full clone, a shallow one and an unpacked archive agree on it. The formats are git's own documentation:
gitformat-bundle (version 2) and gitformat-pack (version 2, without deltas).
"""

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["File", "write_bundle"]

_WHO = "asyncgen <asyncgen@localhost> 946684800 +0000"
"""Who made each commit, and when: 2000-01-01."""

_COMMIT, _TREE, _BLOB = 1, 2, 3
_NAMES = {_COMMIT: "commit", _TREE: "tree", _BLOB: "blob"}


@dataclass(frozen=True)
class File:
    """A file as git keeps it: its bytes, and whether it may be run."""

    content: bytes
    executable: bool = False


def write_bundle(releases: Mapping[str, Mapping[str, File]]) -> tuple[bytes, dict[str, str]]:
    """The bundle of these files by version and path, and each version's commit. Every version is a tag in it."""
    objects: dict[str, tuple[int, bytes]] = {}
    commits = {}
    for version, files in releases.items():
        tree = _tree(objects, files)
        text = f"tree {tree}\nauthor {_WHO}\ncommitter {_WHO}\n\nRelease {version}\n"
        commits[version] = _add(objects, _COMMIT, text.encode())
    refs = "".join(f"{commit} refs/tags/{version}\n" for version, commit in commits.items())
    return f"# v2 git bundle\n{refs}\n".encode() + _pack(objects), commits


def _add(objects: dict[str, tuple[int, bytes]], kind: int, content: bytes) -> str:
    sha = hashlib.sha1(f"{_NAMES[kind]} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()
    objects[sha] = (kind, content)
    return sha


def _tree(objects: dict[str, tuple[int, bytes]], files: Mapping[str, File]) -> str:
    folders: dict[str, dict[str, File]] = {}
    entries: list[tuple[bytes, str, str]] = []
    for path, file in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = file
        else:
            mode = "100755" if file.executable else "100644"
            entries.append((name.encode(), mode, _add(objects, _BLOB, file.content)))
    entries += [(name.encode(), "40000", _tree(objects, inside)) for name, inside in folders.items()]
    # git sorts a folder as if its name ended with a slash.
    entries.sort(key=lambda entry: entry[0] + (b"/" if entry[1] == "40000" else b""))
    lines = (mode.encode() + b" " + name + b"\0" + bytes.fromhex(sha) for name, mode, sha in entries)
    return _add(objects, _TREE, b"".join(lines))


def _pack(objects: Mapping[str, tuple[int, bytes]]) -> bytes:
    packed = b"PACK" + struct.pack(">II", 2, len(objects))
    packed += b"".join(_header(kind, len(content)) + zlib.compress(content, 9) for kind, content in objects.values())
    return packed + hashlib.sha1(packed, usedforsecurity=False).digest()


def _header(kind: int, size: int) -> bytes:
    """The kind and the size: four bits of the size in the first byte, seven in each that follows."""
    bits, rest = kind << 4 | size & 15, size >> 4
    written = []
    while rest:
        written.append(bits | 0x80)
        bits, rest = rest & 0x7F, rest >> 7
    return bytes([*written, bits])
