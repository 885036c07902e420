"""Changes to a folder as data, and their one writer.

All changes of a plan happen, or none. The new files are written beside their places first; a marker then says that
the plan is complete, and each file is renamed. An error in between takes back what was done; after a kill in between,
the next run finishes a complete plan and sweeps an incomplete one. A new folder is made under another name and renamed
at the end.
"""

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .errors import Refused
from .locks import explained, locked
from .paths import check_path
from .pending import COMPLETE, Change, digest, finish, keep_old, make_folders, sweep, take_back, write

__all__ = ["Change", "apply", "check", "digest", "new_folder", "recover"]

_PENDING = ".asyncgen-pending-"


def check(root: Path, changes: Sequence[Change]) -> None:
    """Raise Refused for a change that would overwrite what it does not know, or leave the folder."""
    for change in changes:
        check_path(change.path, "the template", root)
        target = root / change.path
        if change.kind == "create" and os.path.lexists(target):
            raise Refused(
                f"expected {change.path} to be free, got: a file that is there already; "
                "take another name, or remove it first"
            )
        if change.before and digest(target) != change.before:
            raise Refused(f"expected {change.path} to stay as it was, got: a change by somebody else; run it again")
        blocking = next((p for p in target.parents if os.path.lexists(p)), root)
        if not blocking.is_dir():
            raise Refused(f"expected {blocking} to be a folder, got: a file; move it away")
        if not os.access(blocking, os.W_OK | os.X_OK):
            raise Refused(f"expected {blocking} to be writable, got: permission denied")


def apply(root: Path, changes: Sequence[Change], *, dry_run: bool = False) -> None:
    """Make all changes in the folder `root`, or none: Refused says why not. `dry_run` only tells whether it could."""
    if dry_run:
        check(root, changes)
        return
    with explained(root), locked(root):
        _recover(root)
        check(root, changes)
        pending = Path(tempfile.mkdtemp(prefix=_PENDING, dir=root))
        made: list[Path] = []
        try:
            for number, change in enumerate(changes):
                if change.kind != "create":
                    keep_old(root / change.path, pending / f"{number}.old")
                if change.kind != "remove":
                    write(pending / str(number), change, root / change.path)
            for change in changes:
                if change.kind == "create":
                    made += make_folders(root / change.path)
            order = [[change.kind, change.path, digest(root / change.path)] for change in changes]
            (pending / "writing").write_text(json.dumps(order), encoding="utf-8")
            os.replace(pending / "writing", pending / COMPLETE)
        except BaseException:
            sweep(pending, made)
            raise
        try:
            finish(root, pending)
        except KeyboardInterrupt:
            # Past the marker the plan is carried out; half of it would be neither old nor new.
            finish(root, pending)
            raise
        except OSError:
            take_back(root, pending)
            sweep(pending, made)
            raise


def recover(root: Path) -> None:
    """Finish or sweep what a killed run left in the folder."""
    if any(root.glob(f"{_PENDING}*")):
        with explained(root), locked(root):
            _recover(root)


def _recover(root: Path) -> None:
    for pending in root.glob(f"{_PENDING}*"):
        finish(root, pending)


@contextmanager
def new_folder(destination: Path, *, keep: bool = True) -> Iterator[Path]:
    """A folder of the same name to fill, which becomes `destination` when the block ends without an error.

    keep: False throws it away, for a dry run.
    It is locked while this process lives, so that the next run can tell what a killed one left and sweep it.
    """
    parent, prefix = destination.parent, f".{destination.name}.asyncgen-"
    with ExitStack() as held:
        with explained(parent), locked(parent):
            for stale in parent.glob(f"{glob.escape(prefix)}*"):
                with suppress(OSError), locked(stale, wait=False):
                    shutil.rmtree(stale, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            held.callback(shutil.rmtree, staging, ignore_errors=True)
            held.enter_context(locked(staging))
        with explained(parent):
            yield staging / destination.name
            if keep:
                if destination.is_dir():
                    destination.rmdir()
                (staging / destination.name).rename(destination)
