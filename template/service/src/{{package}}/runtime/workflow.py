"""What every workflow does: steps with ids of their own, one root id for all, a task to publish when one has failed.

The ids, and with them the keys, of the steps follow from the workflow's id. So a workflow that is started again goes
through the steps that are done without repeating them. A worker that dies repeats nothing either: the message comes
back, the step is found done, and the next one is published.
"""

from collections.abc import Callable
from typing import Any, TypeVarTuple

from celery.canvas import Signature
from celery.utils import uuid

from .publishing import publish_steps

__all__ = ["Workflow"]

Ts = TypeVarTuple("Ts")


class Workflow:
    """One start of a workflow. `id` is the root id of all that it publishes, and the beginning of every step's id."""

    def __init__(self, name: str, workflow_id: str | None, failed: Any) -> None:
        """`failed`: the task that gets the workflow's id when a step has failed for good."""
        self.id = workflow_id or f"{name}-{uuid()}"
        # A failed part of a chord is reported twice, by itself and by the chord: one id makes it one run.
        self._failed = failed.si(self.id).set(task_id=f"{self.id}.failed.{uuid()}")

    def step(
        self, place: str, task: Callable[[*Ts], object], *arguments: *Ts, counted: bool = False
    ) -> "Signature[Any]":
        """A step that runs with these arguments, whatever the step before it returned.

        place: unlike that of every other step. counted: a chord waits for it, and counts it in the result store.
        """
        published: Any = task
        name = published.name.rpartition(".")[2]
        options = {"task_id": f"{self.id}.{place}.{name}", "link_error": [self._failed]}
        step: Signature[Any] = published.si(*arguments).set(**options, **({"ignore_result": False} if counted else {}))
        return step

    def publish(self, steps: "Signature[Any]") -> str:
        """Publish the steps that may run now, and return the workflow's id; raises PublishError within seconds.

        What was published before an error is published again by a second start with the same id, and runs once. Within
        the outbox's `start` they are published when the caller's transaction has committed.
        """
        publish_steps(self.id, steps)
        return self.id
