"""What a shell offers for an argument: choices, and the names that the files of the current service hold."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from ..service import Service

__all__ = ["choice", "contracts", "queue_names", "task_list", "task_names", "workflow_names"]


def choice(values: str, explanation: str) -> Any:
    """An option with a fixed set of values, written as `one|another`: its help names them, and shells offer them."""
    return typer.Option(help=explanation, metavar=values, autocompletion=lambda: values.split("|"))


def queue_names() -> list[str]:
    """The members of `Queue`."""
    return _of_service(lambda service: [queue.member for queue in service.queues()])


def task_names() -> list[str]:
    """The tasks."""
    return _of_service(lambda service: [path.stem for path in service.modules("tasks")])


def contracts() -> list[str]:
    """The branches and tags of the current repository, and its contract."""
    from ..contract import CONTRACT
    from ..errors import AsyncgenError
    from ..git import git

    with suppress(AsyncgenError, OSError):
        refs = git(
            "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags", at=Path.cwd()
        )
        return [CONTRACT, "HEAD", "HEAD^1", *refs.splitlines()]
    return [CONTRACT]


def workflow_names() -> list[str]:
    """The workflows."""
    return _of_service(lambda service: [path.stem for path in service.modules("workflows")])


def task_list(incomplete: str) -> list[str]:
    """A list of tasks, `a,b` or `a,b:c`, with each task as its last one."""
    begun = re.sub(r"[^,:]*$", "", incomplete)
    return [f"{begun}{name}" for name in task_names()]


def _of_service(names: "Callable[[Service], list[str]]") -> list[str]:
    from ..errors import AsyncgenError
    from ..service import find_service

    try:
        return names(find_service(Path.cwd()))
    except (AsyncgenError, OSError):
        return []
