"""What editors, systems and people leave beside the files of a service; tests plant it."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

__all__ = ["LATIN", "MODULES", "STRAYS", "Plant"]

LATIN = "# Größe\nSIZE = 'groß'\n".encode("latin-1")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path has about a hundred letters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(before)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "inner.py").write_text("INNER = 1\n")


Plant = Callable[[Path], object]
STRAYS: dict[str, Plant] = {
    ".#send_welcome.py": lambda path: path.symlink_to("user@host.123:456"),
    "loop.py": lambda path: path.symlink_to("loop.py"),
    "legacy.py": folder,
    "._send_welcome.py": lambda path: path.write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X\xff\xfe"),
    "pipe.py": pipe,
    "socket.py": listening,
}
"""What is no module of anybody's, though it is called one."""

MODULES: dict[str, bytes] = {
    "latin.py": LATIN,
    "zeros.py": b"ZERO = 0\0\0\n",
    "deep.py": b"DEEP = [" + b"-" * 50_000 + b"1]\n",
}
"""Files that Python itself cannot read."""
