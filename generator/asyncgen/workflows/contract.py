"""The variables that `template/workflow` renders with. They are a contract, and only grow.

package, release     the service's package; the template version, as the project records it
name                 the workflow: its file
kind                 chain, group or chord
steps                for each step a list: its place, the task, the name that the file has for it, its arguments' names
arguments            [name, type] pairs: what the workflow is started with
type_imports, task_imports     import lines, as the linter sorts them
examples, example_imports      a Python expression for each argument, and the import lines that they need
once                 the tasks, a list, of which a second delivery is dropped: all but the natural ones
recorded             the lines that release 0.2.1 and earlier ones put at the end of the file, without the release
queue, soft_time_limit, time_limit     of the task that runs after a failure

All are strings, whole numbers and lists of strings.
"""

import re
from collections.abc import Sequence

from ..errors import BadInput
from ..service import Service
from ..tasks import payload
from ..tasks.listing import Listed
from ..tasks.resources import choose_queue, limits
from .shape import Shape, merged_arguments

__all__ = ["new_variables", "variables"]

_EXPECTED = 10
"""How long the task that runs after a failure takes, in seconds."""
# What the file binds itself, or what a linter would take for it.
_IN_THE_FILE = {"chain", "chord", "failed", "group", "start", "steps", "workflow", "workflow_id"}


def new_variables(name: str, shape: Shape, service: Service, tasks: Sequence[Listed]) -> dict[str, object]:
    """The variables for a new workflow; BadInput for a step with an argument that a message cannot hold."""
    _check_types(shape, tasks)
    natural = [task.name for task in tasks if task.idempotency == "natural"]
    queue = choose_queue(None, _EXPECTED, service.queues()).member
    return variables(name, shape, service.package, service.commit, natural, queue)


def variables(
    name: str, shape: Shape, package: str, release: str, natural: Sequence[str], queue: str
) -> dict[str, object]:
    """The variables for one workflow. `natural`: the tasks of it that keep no key."""
    arguments = merged_arguments(shape)
    taken = _IN_THE_FILE | {argument.name for argument in arguments} | {f"{name}_failed"}
    alias = {step.task: f"{step.task}_step" if step.task in taken else step.task for step in shape.steps}
    types = {argument.item for argument in arguments}
    examples = {item for item in types if not item.startswith("Literal[")}
    soft, hard = limits(_EXPECTED)
    return {
        "package": package,
        "release": release,
        "name": name,
        "kind": shape.kind,
        "steps": [
            [str(number), step.task, alias[step.task], [argument.name for argument in step.arguments]]
            for number, step in enumerate(shape.steps, 1)
        ],
        "arguments": [[argument.name, argument.type] for argument in arguments],
        "type_imports": payload.imports(types),
        "task_imports": [
            f"from ..tasks.{task} import {task}" + (f" as {alias[task]}" if alias[task] != task else "")
            for task in sorted(alias, key=_natural_order)
        ],
        "examples": [payload.example(argument) for argument in arguments],
        "example_imports": payload.imports(examples | ({"UTC"} if "datetime" in types else set())),
        "once": [step.task for step in shape.steps if step.task not in natural],
        "recorded": _recorded(shape, natural, queue),
        "queue": queue,
        "soft_time_limit": soft,
        "time_limit": hard,
    }


def _recorded(shape: Shape, natural: Sequence[str], queue: str) -> list[str]:
    lines = [f"queue {queue}", f"kind {shape.kind}"]
    for step in shape.steps:
        lines.append(f"step {step.task}")
        lines += ["natural"] if step.task in natural else []
        lines += [f"arg {argument.name}:{argument.type}" for argument in step.arguments]
    return lines


def _check_types(shape: Shape, tasks: Sequence[Listed]) -> None:
    """Raise BadInput for a step with an argument of a type that JSON does not preserve."""
    places = {task.name: f"{task.file}:{task.line}" for task in tasks}
    for step in shape.steps:
        for argument in step.arguments:
            if re.fullmatch(r'Literal\["[\w.-]+"(, "[\w.-]+")*\]', argument.item):
                continue
            try:
                payload.parse_argument(f"{argument.name}:{argument.type or 'untyped'}")
            except BadInput as error:
                raise BadInput(f"{places[step.task]}: {error}") from error


def _natural_order(name: str) -> list[tuple[int, str]]:
    """As the linter sorts modules: numbers by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", name) if part]
