"""The edge: runs a command, and turns its errors into one sentence on stderr and an exit code.

With --json the sentence is on stdout as well, as {"error": ...}.

0    done
1    `check` found something, an update is due or left conflicts, something is left to do by hand; never an error
2    bad input, a refused state, an error of the system, or one of asyncgen's own: --debug shows where
130  interrupted
141  the reader of the output has closed it; the work may be done
"""

import errno
import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import typer

from ..errors import AsyncgenError
from ..locks import system_error
from .output import complain, say_version

__all__ = ["run"]

INTERRUPTED = 130
NO_READER = 141
DEBUG = "--debug"


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path may hold bytes that are no text, or letters that the terminal lacks.
        utf = sys.stdout.encoding.lower().startswith("utf")
        sys.stdout.reconfigure(errors="surrogateescape" if utf else "backslashreplace")
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, SystemExit) as error:
        # Nobody reads the output.
        _close_output()
        return NO_READER if isinstance(error, SystemExit) or error.errno == errno.EPIPE else 2
    return code


def _run(given: Sequence[str]) -> int:
    debug, arguments = _without_debug(given)
    as_json = "--json" in arguments
    try:
        if arguments == ["--version"]:
            say_version()
            return 0
        if arguments[:1] == ["check"] and not any(word.startswith("-") for word in arguments):
            return _check(arguments[1:])
        code = _command()(arguments or ["--help"], prog_name="asyncgen", standalone_mode=False)
    except AsyncgenError as error:
        _trace(error, debug)
        complain(str(error), as_json=as_json)
        return error.exit_code
    except typer.TyperException as error:
        complain(_usage(error), as_json=as_json)
        return 2
    except (KeyboardInterrupt, typer.Abort, EOFError):
        code = INTERRUPTED
    except SystemExit as ended:
        # How Typer ends a completion; it makes an exit with code 1 of a broken pipe.
        if ended.code:
            raise
        code = 0
    except BrokenPipeError:
        raise
    except Exception as error:
        _trace(error, debug)
        complain(system_error(error) if isinstance(error, OSError) else _unexpected(error), as_json=as_json)
        return 2
    if code == INTERRUPTED:
        complain("interrupted; what was not finished is undone", as_json=as_json)
    return code if isinstance(code, int) else 0


@cache
def _command() -> Callable[..., object]:
    """All commands, put together once: whoever calls asyncgen from a program may do so many times."""
    from .app import app

    return typer.main.get_command(app)


def _check(paths: Sequence[str]) -> int:
    """`asyncgen check` without an option: for Typer to read its arguments takes as long as to check a small project."""
    from .. import check

    return check.run([Path(path) for path in paths], stdout=sys.stdout, stderr=sys.stderr)


def _without_debug(arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether --debug is among the options, wherever it stands, and the other arguments."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    rest = [word for word in arguments[:end] if word != DEBUG]
    return len(rest) < end, [*rest, *arguments[end:]]


def _trace(error: Exception, debug: bool) -> None:
    if debug:
        sys.excepthook(type(error), error, error.__traceback__)


def _usage(error: typer.TyperException) -> str:
    """Typer's message, and the command whose help explains it."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "asyncgen"
    message = " ".join(error.format_message().split()).rstrip(".")
    return f"{message[:1].lower()}{message[1:]}; see {command} --help"


def _unexpected(error: Exception) -> str:
    """The error and the innermost line of asyncgen that it came through."""
    package = Path(__file__).parents[1]
    place, step = "", error.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        if file.is_relative_to(package):
            place = f"asyncgen/{file.relative_to(package).as_posix()}:{step.tb_lineno}"
        step = step.tb_next
    return (
        f"expected the command to end in order, got: {type(error).__name__}: {str(error)[:500]} at {place}; "
        "run it with --debug and report what it shows"
    )


def _close_output() -> None:
    """Discard what is still to be written: Python would report it as an error when it exits."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            os.dup2(devnull, stream.fileno())
