"""Which errors are retried, how a task file names them, and how long all retries may take."""

import builtins
import importlib
import sys
from collections.abc import Iterable
from keyword import iskeyword

from ..errors import BadInput
from ..names import nearest

__all__ = [
    "RETRY_BACKOFF",
    "RETRY_BACKOFF_MAX",
    "TRANSIENT",
    "imported_modules",
    "longest_wait",
    "parse_exception",
]

TRANSIENT = ("ConnectionError", "TimeoutError")
RETRY_BACKOFF = 1
RETRY_BACKOFF_MAX = 60
_LETTERS = 80
_TOO_WIDE = ("BaseException", "Exception", "GeneratorExit", "KeyboardInterrupt", "SystemExit")
# Importing these does something to be seen.
_NOT_IMPORTED = ("antigravity", "idlelib", "this")


def parse_exception(text: str) -> str:
    """An exception as a task file names it: a builtin's name, or `module.Name`."""
    dotted = text.strip().removeprefix("builtins.")
    module, _, name = dotted.rpartition(".")
    words = dotted.split(".")
    if (
        not all(word.isascii() and word.isidentifier() and not iskeyword(word) for word in words)
        or len(dotted) > _LETTERS
    ):
        raise BadInput(
            f"expected an error to retry on to be MODULE.EXCEPTION of at most {_LETTERS} letters, got: {text}"
        )
    if dotted in _TOO_WIDE:
        raise BadInput(
            f"expected errors that pass by themselves to be retried, got: {dotted}, which holds every bug; "
            f"name the errors of the network or the database, such as {TRANSIENT[0]}"
        )
    if not module:
        _check_member(builtins, dotted, text)
    elif module.partition(".")[0] in sys.stdlib_module_names and not dotted.startswith(_NOT_IMPORTED):
        try:
            _check_member(importlib.import_module(module), name, text)
        except ImportError as error:
            raise BadInput(f"expected a module of the standard library, got: {module}") from error
    return dotted


def _check_member(module: object, name: str, text: str) -> None:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        return
    errors = [
        known
        for known, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Exception) and known not in _TOO_WIDE
    ]
    near = nearest(name, errors)
    fix = f"did you mean {near}?" if near else "write it with its module, as MODULE.EXCEPTION"
    raise BadInput(f"expected an error to retry on to be an exception, got: {text}; {fix}")


def imported_modules(errors: Iterable[str], package: str) -> tuple[list[str], list[str], list[str]]:
    """The sorted import lines that the errors need: standard library, third party, the service's own."""
    sections: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    for error in errors:
        module = error.rpartition(".")[0]
        top = module.partition(".")[0]
        if module:
            place = 0 if top in sys.stdlib_module_names else 2 if top == package else 1
            sections[place].add(f"import {module}")
    stdlib, third_party, own = (sorted(section) for section in sections)
    return stdlib, third_party, own


def longest_wait(max_retries: int) -> int:
    """Seconds of all waits at their longest; Celery doubles each, and jitter only shortens it."""
    return sum(min(RETRY_BACKOFF_MAX, RETRY_BACKOFF * 2**n) for n in range(max_retries))
