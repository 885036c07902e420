"""The template's files of one kind at one version, rendered with Jinja2 alone: importing Copier would cost a second."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..errors import Refused
from ..source import Template, read
from .digest import hash_filter
from .kind import Kind

if TYPE_CHECKING:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["environment", "render", "skeleton"]

_MACROS = "template/task/_words.jinja"
_SUFFIX = ".jinja"


def skeleton(template: Template, kind: Kind) -> dict[str, str]:
    """The files of a kind in the template at its commit, by their path in the template, and the macros of all kinds."""
    files = read(template, [kind.template, _MACROS])
    if not any(path.startswith(f"{kind.template}/") for path in files):
        raise Refused(
            f"expected the template version that the project records to hold {kind.template}, got: an older one; "
            "run asyncgen update"
        )
    return files


def render(files: Mapping[str, str], variables: Sequence[Mapping[str, object]], kind: Kind) -> list[dict[str, str]]:
    """The rendered files by their path in a service, for each set of variables; the templates are compiled once.

    A file whose name begins with "_" is only there for others.
    """
    for name, option in kind.options.items():
        if any(values.get(name) for values in variables) and not _names(files, name):
            raise Refused(
                f"expected the template version that the project records to know {option}, got: an older one; "
                "run asyncgen update"
            )
    try:
        templates = _compiled(tuple(sorted(files.items())), f"{kind.template}/")
        return [{path.render(values): content.render(values) for path, content in templates} for values in variables]
    except Exception as error:
        # An expression of a template may raise any error: OverflowError of range, MemoryError, RecursionError.
        raise Refused(
            f"expected {kind.template} of the template version that the project records to be rendered, "
            f"got: {str(error) or type(error).__name__}; run asyncgen update"
        ) from error


@lru_cache(maxsize=8)
def _compiled(files: Sequence[tuple[str, str]], folder: str) -> "list[tuple[jinja2.Template, jinja2.Template]]":
    """The templates of the paths and of the contents of the files below a folder, for as many calls as come."""
    jinja = environment(dict(files))
    return [
        (jinja.from_string(path.removeprefix(folder).removesuffix(_SUFFIX)), jinja.get_template(path))
        for path, _ in files
        if path.startswith(folder) and not PurePosixPath(path).name.startswith("_")
    ]


def environment(files: Mapping[str, str]) -> "SandboxedEnvironment":
    """Jinja's environment of templates, as `_envops` in copier.yml says: Copier renders the service's own sample."""
    from jinja2 import DictLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    made = SandboxedEnvironment(
        loader=DictLoader(files),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["hash"] = hash_filter
    return made


def _names(files: Mapping[str, str], variable: str) -> bool:
    return any(re.search(rf"\b{variable}\b", text) for text in files.values())
