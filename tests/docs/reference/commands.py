"""The commands of asyncgen and of a service: what `--help` of each prints."""

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from asyncgen.cli.app import app
from runtime.cli import group

from .markdown import code

__all__ = ["generator_page", "service_page"]

WIDTH = 100

GENERATOR = """# Commands of asyncgen

Exit codes: 0 done; 1 `check` or `contract diff` found something, or something is left to do by hand, which is
named; 2 bad input or a refused state, said in one sentence; 130 interrupted. With `--json` an error is
`{"error": ...}` on standard output, too.

"""

SERVICE = """# Commands of a service

The console script has the package's name, here `myservice`; `python -m myservice` is the same. Which commands a
service has depends on its answers: `beat` on `scheduler`, `migrate`, `purge` and `relay` on PostgreSQL as the
idempotency store, `metrics` on `observe`.

"""


def generator_page() -> str:
    """All commands of asyncgen."""
    return GENERATOR + _helps(get_command(app), "asyncgen")


def service_page() -> str:
    """All commands that a service can have."""
    return SERVICE + _helps(group, "myservice")


def _helps(command: Any, name: str) -> str:
    context = command.make_context(name, [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH)
    return "\n".join(f"## {each.command_path}\n\n{code('text', each.get_help())}" for each in _leaves(context))


def _leaves(context: Any) -> Iterator[Any]:
    """The contexts of all commands that run something; click's and Typer's own click have the same names."""
    command = context.command
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    for name in names:
        below = command.get_command(context, name)
        settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **below.context_settings}
        yield from _leaves(type(context)(below, info_name=name, parent=context, **settings))
    if not names:
        yield context
