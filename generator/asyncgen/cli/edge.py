"""The edge: runs a command, and turns its errors into one sentence on stderr and an exit code.

0 done; 1 `check` found something; 2 bad input or a refused state; 130 interrupted.
"""

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from ..errors import AsyncgenError
from .output import complain

__all__ = ["run"]

INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns its exit code."""
    from . import app

    if isinstance(sys.stdout, TextIOWrapper):
        # A path may hold bytes that are no text, or letters that the terminal lacks.
        utf = sys.stdout.encoding.lower().startswith("utf")
        sys.stdout.reconfigure(errors="surrogateescape" if utf else "backslashreplace")
    try:
        code = app(list(arguments) or ["--help"], prog_name="asyncgen", standalone_mode=False)
    except AsyncgenError as error:
        complain(str(error))
        return error.exit_code
    except typer.TyperException as error:
        complain(_usage(error))
        return 2
    except (KeyboardInterrupt, typer.Abort, EOFError):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as in `asyncgen new --help | head -1`: there is nobody to tell.
        sys.stderr.close()
        return 1
    if code == INTERRUPTED:
        complain("interrupted; what was not finished is taken back")
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> str:
    """Typer's complaint with the command whose help mends it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "asyncgen"
    said = " ".join(error.format_message().split()).rstrip(".")
    return f"{said[:1].lower()}{said[1:]}; see {command} --help"
