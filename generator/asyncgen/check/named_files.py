"""What was named on the command line itself: who names a file wants it checked, so one that cannot be is an error."""

from collections.abc import Iterable
from pathlib import Path

from asyncgen.check.discovery import Selection
from asyncgen.check.options import Options
from asyncgen.check.source.files import SourceFile, read
from asyncgen.check.source.skipped import Skipped
from asyncgen.errors import BadInput

__all__ = ["require_named"]

#: Of what pre-commit takes for Python, and of stubs.
_ENDINGS = {".py", ".pyi", ".pyw", ".pyt", ".wsgi", ".tac", ".gyp", ".gypi"}


def require_named(paths: Iterable[Path], selections: list[Selection], options: Options, skipped: list[Skipped]) -> None:
    """Raises BadInput for paths that are no Python or cannot be read, but for those that are excluded.

    `skipped` has what could not be read so far, and gets what cannot be parsed.
    """
    given = {path.resolve() for path in paths}
    wrong = []
    for selection in selections:
        for file in selection.wanted:
            if file.path not in given or options.excludes(file.path):
                continue
            if _is_python(file):
                selection.project.try_to_read(file)
            else:
                wrong.append(f"{file.shown}: not Python by its ending or first line")
    unread = dict.fromkeys(one for one in skipped if one.path in given and not options.excludes(one.path))
    wrong += [f"{one.place}: {one.detail}" for one in unread]
    if wrong:
        raise BadInput(f"expected files that can be checked, got: {'; '.join(wrong)}; mend them, or do not name them")


def _is_python(file: SourceFile) -> bool:
    if file.path.suffix in _ENDINGS:
        return True
    try:
        first = (read(file.path) or b"").partition(b"\n")[0]
    except OSError:
        return True  # which is told as such
    return first.startswith(b"#!") and b"python" in first
