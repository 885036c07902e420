"""The service that a command works on."""

from pathlib import Path
from typing import TYPE_CHECKING

from .output import notice

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["open_service"]


def open_service(*, writes: bool) -> "Service":
    """The service that holds the current folder.

    writes: finish what a killed run left there first; a command that writes nothing only prints a note.
    """
    from ..plan import recover, unfinished
    from ..service import find_service

    service = find_service(Path.cwd())
    note = (recover if writes else unfinished)(service.root)
    notice(note)
    return find_service(Path.cwd()) if note else service
