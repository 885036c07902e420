"""How the messages flow, as a Mermaid diagram: the queues, their workers and dead letters, and what runs there.

The service's README shows the part without tasks, which changes with the queue table alone.
"""

from collections.abc import Sequence
from typing import Protocol

from ..service import QueueClass
from .listing import Listed

__all__ = ["Steps", "topology"]


class Steps(Protocol):
    """What the diagram needs of a workflow."""

    @property
    def name(self) -> str: ...

    @property
    def edges(self) -> tuple[tuple[str, str], ...]: ...


def topology(
    queues: Sequence[QueueClass], *, scheduler: bool, tasks: Sequence[Listed] = (), workflows: Sequence[Steps] = ()
) -> str:
    """The lines of the diagram, without the fence around it."""
    lines = ["flowchart LR", "    publisher([publisher])"]
    lines += ["    beat([beat])"] if scheduler else []
    for queue in queues:
        name = queue.name
        lines += [
            f"    publisher --> {name}[[{name}]]",
            *([f"    beat --> {name}"] if scheduler else []),
            f"    {name} --> worker_{name}(worker, runs of up to {queue.max_runtime} s)",
            f"    worker_{name} -. fails for good .-> {name}_dead[({name}.dead)]",
        ]
    names = {queue.member: queue.name for queue in queues}
    for task in tasks:
        if task.queue in names:
            lines.append(f"    worker_{names[task.queue]} --- task_{task.name}[{task.name}]")
    for workflow in workflows:
        for before, after in workflow.edges:
            lines.append(f"    task_{before} == {workflow.name} ==> task_{after}")
    return "\n".join(lines) + "\n"
