"""The command line in this process, and what stands in a folder."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from asyncgen.cli.edge import run
from tests.support import Ran

__all__ = ["asyncgen", "inside", "tree"]


def asyncgen(*arguments: str, stdin: str = "") -> Ran:
    """Run one command in the current folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _stdin(stdin):
        code = run(arguments)
    return Ran(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[Path]:
    """The folder as the current one."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _stdin(text: str) -> Iterator[None]:
    import sys

    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, but for git's, and its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts and "__pycache__" not in path.parts
    }
