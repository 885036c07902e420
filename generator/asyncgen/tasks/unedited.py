"""Whether the files of a task or a workflow are still as a command made them."""

from collections.abc import Callable, Mapping, Sequence

from ..errors import Refused
from ..service import Service

__all__ = ["check_unedited"]


def check_unedited(
    service: Service, paths: Sequence[str], as_made: Callable[[str], Mapping[str, str]], command: str
) -> None:
    """Refuse files with edits.

    as_made: the files by their paths as `command` made them, from the text of the first, which holds the record.
    """
    # Universal newlines: git may have turned the line ends.
    texts = {path: (service.root / path).read_text(encoding="utf-8", errors="replace") for path in paths}
    made = as_made(texts[paths[0]])
    for path, text in texts.items():
        if made.get(path) != text:
            raise Refused(
                f"expected {path} to be as asyncgen {command} made it, got: edits, which would be lost; "
                "keep it, or use --force"
            )
