"""The options that several commands share."""

from collections.abc import Collection, Sequence
from typing import Annotated

import typer

from ..errors import BadInput
from ..names import nearest

__all__ = ["Data", "Defaults", "DryRun", "Force", "Json", "TemplateOption", "pairs"]

Data = Annotated[
    list[str] | None,
    typer.Option("--data", "-d", metavar="KEY=VALUE", help="The answer to any question; repeatable."),
]
Defaults = Annotated[bool, typer.Option("--defaults", help="Ask nothing: use the defaults of what is not given.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and ask nothing.")]
Force = Annotated[bool, typer.Option("--force", help="Remove it even if it was edited.")]
TemplateOption = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="PATH_OR_URL",
        help="A git clone or URL of the template, instead of the one that is known.",
    ),
]


def pairs(data: Sequence[str] | None, known: Collection[str] | None = None) -> dict[str, str]:
    """KEY=VALUE as a mapping, dashes in keys as underscores; BadInput for a key that is not known."""
    found = {}
    for item in data or ():
        key, equals, value = item.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise BadInput(f"expected --data to be KEY=VALUE, got: {item}")
        if known is not None and key not in known:
            near = nearest(key, known)
            fix = f"did you mean {near}?" if near else f"use one of {', '.join(known)}"
            raise BadInput(f"expected a question of add-task, got: {key}; {fix}")
        found[key] = value
    return found
