"""Which files there are, and which of them can matter: most code has never heard of Celery."""

import io
import os
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from asyncgen.check.source.skipped import Skipped

__all__ = [
    "MAX_BYTES",
    "PRUNED",
    "WORDS",
    "SourceFile",
    "decode",
    "hints_at_celery",
    "is_passed_by",
    "load",
    "read",
    "walk",
]

#: A larger file is data or generated; reading it as code would cost more than it tells.
MAX_BYTES = 4_000_000

PRUNED = frozenset(
    {
        "venv",
        "env",
        "node_modules",
        "bower_components",
        "__pycache__",
        "site-packages",
        "dist-packages",
        "build",
        "dist",
        "__pypackages__",
        "LC_MESSAGES",  # translations alone: in some projects every second folder
    }
)
#: Others' code that is kept in the project, and what a project is made from (Django's `startproject --template`).
_NOT_OURS = frozenset(
    {"_vendor", "_vendored", "vendored", "third_party", "thirdparty", "3rdparty", "project_template", "app_template"}
)
#: These are others' code and data of tests, unless they hold an application's files: then it is about vendors, or about
#: a league's fixtures.
_NOT_OURS_UNLESS = frozenset({"vendor", "fixtures"})
_OF_AN_APPLICATION = frozenset({"apps.py", "models.py", "tasks.py", "urls.py", "views.py"})

#: What code that uses Celery has at least one of.
WORDS = (
    b"celery",
    b"Celery",
    b"CELERY",
    b"shared_task",
    b"apply_async",
    b".delay(",
    b"delay_on_commit",
    b"send_task",
    b"crontab",
    b"kombu",
    b"BROKER_",
    b"broker_url",
    b"task_serializer",
    b"ATOMIC_REQUESTS",
    b"non_atomic_requests",
)
#: In lower case each of these and the decorator has one of them. Most files have none, and need no more looks.
_PARTS = (b"celery", b"task", b"apply_async", b"delay", b"crontab", b"kombu", b"broker_", b"atomic_requests")
_DECORATED = re.compile(rb"@[\w.]+\.task\b")
#: What opens or ends a transaction, connects to a signal or puts a model into Django's admin.
_OF_TRANSACTIONS = (
    b"atomic",
    b"commit()",
    b".flush()",
    b".begin(",
    b".connect(",
    b"@receiver(",
    b"site.register(",
    b"admin.register(",
    b"_or_create(",
)


def hints_at_celery(content: bytes) -> bool:
    """Whether Celery can play a part in a file. One expression for all would take ten times as long."""
    if not any(map(content.lower().__contains__, _PARTS)):
        return False
    if any(map(content.__contains__, WORDS)):
        return True
    return b".task" in content and _DECORATED.search(content) is not None


class SourceFile(NamedTuple):
    """`shown` is the path in the user's words; `content` is None where Celery cannot play a part. `aside` is it
    where it cannot, but transactions are spoken of: in them, functions may be called which publish.
    """

    path: Path
    shown: str
    content: bytes | None = None
    aside: bytes | None = None


def load(path: Path, shown: str, skip: Callable[[Skipped], None]) -> SourceFile:
    """Reads a file, and keeps what is in it if that hints at Celery."""
    try:
        content = read(path)
    except OSError as error:
        skip(Skipped(shown, None, "unreadable", error.strerror or str(error), path))
        return SourceFile(path, shown)
    if content is None:
        skip(Skipped(shown, None, "size", f"its bytes are more than {MAX_BYTES}", path))
        return SourceFile(path, shown)
    if hints_at_celery(content):
        return SourceFile(path, shown, content)
    return SourceFile(path, shown, aside=content if any(map(content.__contains__, _OF_TRANSACTIONS)) else None)


def read(path: Path) -> bytes | None:
    """A file's bytes; None for too many. Raises OSError."""
    with open(path, "rb", buffering=0) as file:
        return file.read() if os.fstat(file.fileno()).st_size <= MAX_BYTES else None


def walk(folder: str | Path, is_start: bool = True) -> Iterator[tuple[Path, Path | None]]:
    """Every .py file below, in order, as found and with links resolved; with None what cannot be read, a folder too.

    Links to folders are not followed, so that no loop can hold the walk; nor are folders entered that begin with a dot,
    hold others' code (virtual environments, what is vendored) or are templates (`{{cookiecutter.slug}}`). The start may
    be any of these but a virtual environment.
    """
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError:
        yield Path(folder), None
        return
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names:
        return
    if not is_start and os.path.basename(folder) in _NOT_OURS_UNLESS and not names & _OF_AN_APPLICATION:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if _is_ours(entry.name):
                yield from walk(entry.path, is_start=False)
        elif entry.name.endswith(".py"):
            path = Path(entry.path)
            yield path, (path.resolve() if entry.is_symlink() else path) if _is_file(entry) else None


def _is_ours(folder: str) -> bool:
    return not (folder.startswith(".") or "{{" in folder or folder in PRUNED or folder in _NOT_OURS)


def is_passed_by(folders: Iterable[str]) -> bool:
    """Whether `walk` may not come to a folder; `folders` are the names on its way there."""
    return any(folder in _NOT_OURS_UNLESS or not _is_ours(folder) for folder in folders)


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False  # a link that leads in circles, or to where nobody may look


def decode(content: bytes) -> str:
    """The text by PEP 263. Raises SyntaxError, LookupError or UnicodeDecodeError for what is none."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    text = content.decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")
