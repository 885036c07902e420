"""Every error that asyncgen raises on purpose.

AsyncgenError            one sentence for the user, and the exit code
├── BadInput             exit 2: a name, a flag or an answer that cannot be used
└── Refused              exit 2: a state of the project or the machine in which the command would do harm

Only the CLI edge turns one of these into text and an exit code. The form is always the same: what was
expected, what was found, how to fix it.
"""

__all__ = ["AsyncgenError", "BadInput", "Refused"]


class AsyncgenError(Exception):
    """A sentence for the user: what was expected, what was found, how to fix it."""

    exit_code = 2


class BadInput(AsyncgenError):
    """A name, a flag or an answer that cannot be used as given."""


class Refused(AsyncgenError):
    """The command would lose or overwrite something, or the machine lacks what it needs."""
