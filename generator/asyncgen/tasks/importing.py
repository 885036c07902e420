"""Whether the project can import an exception, read from its own files and its environment's: nothing is run."""

import difflib
from functools import cache
from itertools import islice
from pathlib import Path

from ..errors import BadInput
from .exceptions import Exceptions
from .modules import is_missing, search_path

__all__ = ["check_import"]


def check_import(error: str, root: Path) -> None:
    """Raise BadInput for `module.Name` where the project in `root` lacks the module, or the module the exception.

    What files alone do not show is accepted.
    """
    module, _, name = error.rpartition(".")
    if not module:
        return
    if is_missing(module, root):
        raise BadInput(
            f"expected a module that the project's environment has, got: {module}; "
            "add its package to dependencies in pyproject.toml and run make test, or correct the name"
        )
    found = _exceptions(root)
    try:
        if found.lacks(module):
            raise BadInput(
                f"expected a module that the project or its environment has, got: {module}; "
                "correct the name, or write the module first if it is the project's own"
            )
        if found.kind(module, name) is False:
            raise BadInput(
                f"expected an error to retry on to be an exception of {module}, got: {error}; "
                f"{_fix(name, module, found)}"
            )
    except RecursionError:
        return  # no library is written so: it is left alone


@cache
def _exceptions(root: Path) -> Exceptions:
    return Exceptions(search_path(root))


def _fix(wrong: str, module: str, found: Exceptions) -> str:
    names = found.names(module)
    for near in difflib.get_close_matches(wrong, names, n=5):
        if found.kind(module, near) is not False:
            return f"did you mean {module}.{near}?"
    known = islice((name for name in names if found.kind(module, name)), 5)
    return f"it has {', '.join(known) or 'none'}"
