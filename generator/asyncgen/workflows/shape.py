"""The shape of a workflow: which existing tasks run, in which order."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import BadInput
from ..names import nearest
from ..service import Service
from ..tasks.listing import Listed
from ..tasks.payload import Argument

__all__ = ["KINDS", "MOST_STEPS", "Shape", "Step", "decide_shape", "merged_arguments"]

KINDS = ("chain", "group", "chord")
MOST_STEPS = 30


@dataclass(frozen=True)
class Step:
    """A task in a workflow, with its arguments as they were when the workflow was made."""

    task: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Shape:
    """`steps` in their order; in a chord the last one runs when all others are done."""

    kind: str
    steps: tuple[Step, ...]

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Pairs of tasks, of which the second runs after the first."""
        names = [step.task for step in self.steps]
        if self.kind == "chain":
            return tuple(itertools.pairwise(names))
        return tuple((name, names[-1]) for name in names[:-1]) if self.kind == "chord" else ()


def decide_shape(
    chain: str | None, group: str | None, chord: str | None, service: Service, tasks: Sequence[Listed]
) -> Shape:
    """The shape that one of the three options gives; BadInput for one that could not run."""
    shapes = {kind: text for kind, text in zip(KINDS, (chain, group, chord), strict=True) if text is not None}
    if len(shapes) != 1:
        got = ", ".join(f"--{kind}" for kind in shapes) or "none"
        raise BadInput(f"expected one of --chain a,b,c, --group a,b or --chord a,b:c, got: {got}")
    kind, text = shapes.popitem()
    parts, colon, body = text.partition(":")
    if bool(colon) != (kind == "chord") or (colon and ("," in body or ":" in body or not body.strip())):
        form = "a,b:c, with one task after the colon" if kind == "chord" else "a,b,c"
        raise BadInput(f"expected --{kind} to be {form}, got: {text}")
    if kind == "chord" and service.answers.get("results", "none") == "none":
        raise BadInput(
            "expected a service that keeps results, since a chord counts its parts in them, got: results none; "
            "use --chain, or run asyncgen update --data results=redis"
        )
    names = [name.strip().replace("-", "_") for name in (*parts.split(","), *([body] if colon else []))]
    if not 2 <= len(names) <= MOST_STEPS:
        raise BadInput(f"expected --{kind} to name 2 to {MOST_STEPS} tasks, got: {text}")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadInput(
            f"expected each task once in a workflow, got: {twice} twice; a second run of one key would be dropped as a "
            "repeat, so add a task of its own for the second step"
        )
    known = {task.name: task for task in tasks}
    shape = Shape(kind, tuple(_step(name, known) for name in names))
    merged_arguments(shape)
    return shape


def merged_arguments(shape: Shape) -> tuple[Argument, ...]:
    """What the workflow is started with: each argument of its steps once; BadInput where two types share a name."""
    merged: dict[str, tuple[Argument, str]] = {}
    for step in shape.steps:
        for argument in step.arguments:
            first, task = merged.setdefault(argument.name, (argument, step.task))
            if first.type != argument.type:
                raise BadInput(
                    f"expected {argument.name} to have one type in all steps, got: {first.type} in {task} and "
                    f"{argument.type} in {step.task}; rename one of them"
                )
    return tuple(argument for argument, _ in merged.values())


def _step(name: str, known: Mapping[str, Listed]) -> Step:
    task = known.get(name)
    if task is None:
        near = nearest(name, known)
        fix = f"did you mean {near}?" if near else f"its tasks are {', '.join(known) or 'none'}"
        raise BadInput(f"expected the steps to be tasks of this service, got: {name}; {fix}")
    if not task.file.endswith(f"/{name}.py"):
        raise BadInput(f"expected {name} to stand in a file of its name, got: {task.file}; rename the file")
    return Step(name, tuple(Argument(*pair) for pair in task.arguments))
