"""The files of `template/task` or `template/workflow` at one version, rendered with Jinja2 alone.

Importing Copier would cost a second.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ..errors import Refused
from ..source import Template, read
from .contract import GROWN

__all__ = ["TASK_TEMPLATE", "render", "render_all", "skeleton"]

TASK_TEMPLATE = "template/task"
_SUFFIX = ".jinja"


def skeleton(template: Template, room: str = TASK_TEMPLATE) -> dict[str, str]:
    """The files of a room of the template at its commit, by their path in the template."""
    # The template of workflows uses macros of the template of tasks.
    files = read(template, [room] if room == TASK_TEMPLATE else [room, f"{TASK_TEMPLATE}/_words.jinja"])
    if not any(path.startswith(f"{room}/") for path in files):
        raise Refused(
            f"expected the template version that the project records to hold {room}, got: an older one; "
            "run asyncgen update"
        )
    return files


def render(files: Mapping[str, str], variables: Mapping[str, object], room: str = TASK_TEMPLATE) -> dict[str, str]:
    """The rendered files by their path in a service. A file whose name begins with "_" is only there for others."""
    return render_all(files, [variables], room)[0]


def render_all(
    files: Mapping[str, str], several: Sequence[Mapping[str, object]], room: str = TASK_TEMPLATE
) -> list[dict[str, str]]:
    """The rendered files for each set of variables; the templates are compiled once."""
    from jinja2 import DictLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    for name, option in GROWN.items():
        if any(variables.get(name) for variables in several) and not _names(files, name):
            raise Refused(
                f"expected the template version that the project records to know {option}, got: an older one; "
                "run asyncgen update"
            )
    # As copier.yml says in `_envops`: the service's own sample is rendered from these files by Copier.
    environment = SandboxedEnvironment(
        loader=DictLoader(files),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    try:
        templates = [
            (
                environment.from_string(path.removeprefix(f"{room}/").removesuffix(_SUFFIX)),
                environment.get_template(path),
            )
            for path in sorted(files)
            if path.startswith(f"{room}/") and not PurePosixPath(path).name.startswith("_")
        ]
        return [
            {path.render(variables): content.render(variables) for path, content in templates} for variables in several
        ]
    except Exception as error:
        # An expression of a template raises what it likes: OverflowError of range, MemoryError, RecursionError.
        raise Refused(
            f"expected {room} of the template version that the project records to be rendered, "
            f"got: {str(error) or type(error).__name__}; run asyncgen update"
        ) from error


def _names(files: Mapping[str, str], variable: str) -> bool:
    return any(re.search(rf"\b{variable}\b", text) for text in files.values())
