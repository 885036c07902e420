"""Shell completion. Queues and tasks are read from the owner's files: importing the application may take seconds."""

import ast
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import ShellComplete, get_completion_class

from ..errors import ConfigurationError
from ..settings import NAME

__all__ = ["install", "option", "queue_names", "show", "task_names"]

F = TypeVar("F", bound=Callable[..., Any] | click.Command)

PACKAGE = Path(__file__).parents[2]
"""The service's package."""
RC_FILES = {"bash": ".bashrc", "zsh": ".zshrc"}


def queue_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The queues of the table that begin with what is typed."""
    try:
        table = (PACKAGE / "queues.py").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    found = re.findall(r"""\bQueueClass\(\s*(?:name\s*=\s*)?["']([^"']+)""", table)
    return [name for name in found if name.startswith(incomplete)]


def task_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The short names of the tasks that begin with what is typed."""
    found = {name for file in (PACKAGE / "tasks").glob("*.py") for name in _tasks(file)}
    return sorted(name for name in found if name.startswith(incomplete))


def _tasks(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = [ast.unparse(each).partition("(")[0] for each in node.decorator_list]
            if any(name.rpartition(".")[2] == "shared_task" for name in decorators):
                yield node.name


def option(name: str, callback: Callable[..., None], explanation: str) -> Callable[[F], F]:
    """An option that takes a shell, or the user's one, and ends the command."""
    return click.option(
        name,
        metavar="[SHELL]",
        is_flag=False,
        flag_value="",
        is_eager=True,
        expose_value=False,
        callback=callback,
        help=explanation,
    )


def show(ctx: click.Context, param: click.Parameter, shell: str | None) -> None:
    """Print the script that a shell needs, and end the command."""
    if shell is not None and not ctx.resilient_parsing:
        click.echo(_complete(ctx, shell).source())
        ctx.exit()


def install(ctx: click.Context, param: click.Parameter, shell: str | None) -> None:
    """Write the script to where the user's shell reads it, and end the command."""
    if shell is None or ctx.resilient_parsing:
        return
    found = _complete(ctx, shell)
    try:
        script = _install(found, Path.home())
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(
            f"expected the home folder to take the completion, got: {error}; set HOME, or use --show-completion"
        ) from error
    click.echo(f"{found.name} reads {script} when it starts")
    ctx.exit()


def _install(found: ShellComplete, home: Path) -> Path:
    """Write the script; returns where it is."""
    if found.name in RC_FILES:
        script = home / ".local" / "share" / NAME / f"completion.{found.name}"
        rc_file, line = home / RC_FILES[found.name], f"source '{script}'"
        before = rc_file.read_text(encoding="utf-8") if rc_file.exists() else ""
        if line not in before:
            with rc_file.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n")
    else:
        script = home / ".config" / "fish" / "completions" / f"{NAME}.fish"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(found.source(), encoding="utf-8")
    return script


def _complete(ctx: click.Context, shell: str) -> ShellComplete:
    name = shell or Path(os.environ.get("SHELL", "")).name
    found = get_completion_class(name) if name in (*RC_FILES, "fish") else None
    if found is None:
        raise click.BadParameter(f"expected a shell of {', '.join(RC_FILES)} or fish, got: {name or 'none'}; name it")
    return found(ctx.command, {}, NAME, f"_{NAME.upper()}_COMPLETE")
