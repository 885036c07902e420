"""Names: what a user types, and the one spelling that the files get."""

import builtins
import difflib
import keyword
import re
import sys
import unicodedata
from collections.abc import Collection, Iterable

from .errors import BadInput

__all__ = ["ANSWERS_FILE", "TASK_LETTERS", "argument_name", "corrected", "nearest", "task_name", "words"]

ANSWERS_FILE = ".copier-answers.yml"
"""Where a project records its template and its answers."""

TASK_LETTERS = 30
"""The budget of a task's and of an argument's name: no rendered line outgrows 100 letters with it."""

# Names that a task file binds itself, besides those of the standard library.
_IN_THE_FILE = frozenset({"date", "logger", "shared_task", "work", "self", "task"})

# What an argument would hide from the line that calls `work`, and what linters take for a digit.
_NO_ARGUMENTS = frozenset({"self", "task", "work", "l"})

# Windows has devices of these names, with any suffix.
_DEVICES = frozenset({"aux", "con", "nul", "prn", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))})


def words(text: str) -> list[str]:
    """The words of a name in any spelling: `SendInvoice`, `send-invoice` and `send_invoice` are alike."""
    split = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", text)
    return [word for word in re.split(r"[^0-9a-z]+", split.lower()) if word]


def corrected(text: str, what: str, most: int = TASK_LETTERS) -> str:
    """The nearest name of at most `most` lowercase letters, digits and _ that begins with a letter; "" for none.

    what: the word that is put before a digit.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = "_".join(words(plain))
    return (f"{what}_{name}" if name[:1].isdigit() else name)[:most].rstrip("_")


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is spelt most like a wrong one."""
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return near[0] if near else None


def task_name(text: str, taken: Collection[str] = (), what: str = "task") -> str:
    """The name of the task's file and function; BadInput names the corrected one.

    `taken`: names that mean something else in the service, such as its modules. `what`: task or workflow.
    """
    parts = words(text)
    if len(parts) > 1 and parts[-1] == what:
        parts = parts[:-1]
    name = "_".join(parts)
    # Letters beyond ASCII would be dropped without a word: the name has to be one that the user typed.
    invalid = re.search(r"[^A-Za-z0-9_ -]", text)
    if not name or invalid or not name[0].isalpha():
        raise _bad(text, "letters, digits and _ that begin with a letter", corrected(text, what), taken, what)
    if len(name) > TASK_LETTERS:
        raise _bad(text, f"at most {TASK_LETTERS} letters", corrected(name, what), taken, what)
    if meaning := _meaning(name) or ("a module of this service" if name in taken else None):
        raise _bad(f"{text}, which is {meaning}", "free", f"run_{name}", taken, what)
    return name


def argument_name(text: str) -> str:
    """An argument's name as it is; BadInput where Python or the linter would stumble over it."""
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{TASK_LETTERS - 1}}}", text):
        suggestion = corrected(text, "value")
        fix = f"; use {suggestion}" if suggestion else ""
        raise BadInput(
            f"expected the name of an argument to be at most {TASK_LETTERS} lowercase letters, digits and _ "
            f"that begin with a letter, got: {text}{fix}"
        )
    if keyword.iskeyword(text) or hasattr(builtins, text) or text in _NO_ARGUMENTS:
        raise BadInput(
            f"expected the name of an argument to be free, got: {text}, which Python, a linter or the task file "
            f"has a use for; use {text}_value"
        )
    return text


def _meaning(name: str) -> str | None:
    if keyword.iskeyword(name):
        return "a Python keyword"
    if hasattr(builtins, name):
        return "a Python builtin"
    if name in sys.stdlib_module_names:
        return "a module of the standard library"
    if name == "l":
        return "a letter that linters take for a digit"
    if name in _DEVICES:
        return "a device on Windows"
    if name in _IN_THE_FILE:
        return "used in every task file"
    return None


def _bad(got: str, expected: str, suggestion: str, taken: Collection[str], what: str) -> BadInput:
    free = suggestion and not _meaning(suggestion) and suggestion not in taken
    fix = f"; use {suggestion}" if free else ""
    return BadInput(f"expected the {what}'s name to be {expected}, got: {got}{fix}")
