"""An update as text: the difference of each file."""

import difflib

from .merging import Outcome

__all__ = ["diff"]


def diff(outcome: Outcome) -> str:
    """The unified diff of one file, as git would show it; one line for a binary file."""
    before, after = outcome.before or b"", outcome.content if outcome.kind != "remove" else b""
    try:
        old, new = before.decode().splitlines(), after.decode().splitlines()
    except UnicodeDecodeError:
        return f"Binary file {outcome.path} differs"
    source = "/dev/null" if outcome.kind == "create" else f"a/{outcome.path}"
    target = "/dev/null" if outcome.kind == "remove" else f"b/{outcome.path}"
    return "\n".join(difflib.unified_diff(old, new, source, target, lineterm=""))
