"""Find what makes a Celery project lose, repeat or block work, from its code alone.

Nothing is imported or run. `run` checks and reports, `findings_of` only checks, `explain` tells what a rule is about.
All are loaded when they are used: the command line imports this package for its flags alone.

source → model → celery → analysis → rules → reports: the files, what their Python means, what Celery sees of it, what
the rules ask, the rules, the forms of their findings. The engine and the command are on top.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncgen.check.entry import explain, findings_of, run

__all__ = ["explain", "findings_of", "run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from asyncgen.check import entry

    return getattr(entry, name)
