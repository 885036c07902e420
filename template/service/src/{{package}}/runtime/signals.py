"""What happens in a service beside what Celery's own signals tell, for whoever observes it.

Each is a Celery signal: `signal.connect(receiver)`. Receivers run where it happens, which is a process of the pool for
the first three, and before what follows; one that raises is logged and changes nothing.
"""

from celery.utils.dispatch import Signal

__all__ = [
    "before_dead_letter_publish",
    "before_outbox_insert",
    "before_replay_publish",
    "before_workflow_publish",
    "circuit_changed",
    "dead_letter_replayed",
    "dead_letter_stored",
    "task_deferred",
    "task_duplicate",
    "task_lost",
]

task_duplicate = Signal(name="task_duplicate", providing_args=["request", "key"])
"""A delivery whose key is done already was dropped. sender: the task. request: Celery's context of the run."""

task_deferred = Signal(name="task_deferred", providing_args=["request", "delay"])
"""A delivery was put off. sender: the task. delay: seconds."""

task_lost = Signal(name="task_lost", providing_args=["request", "failure", "retried"])
"""A run ended that no process could report: its hard time limit was reached, or its process is gone. sender: the task.
failure: TimeLimitExceeded or WorkerLostError. retried: it is published again; else its dead letter is stored. In the
worker's main process."""

circuit_changed = Signal(name="circuit_changed", providing_args=["state"])
"""A circuit has another state. sender: its name. state: closed, open or half-open."""

before_outbox_insert = Signal(name="before_outbox_insert", providing_args=["task_id", "options"])
"""A message is about to become a row of the outbox. sender: the task's name, or publishing.WORKFLOW. task_id: of
the task, and the row. options: those of `apply_async`, to change."""

before_workflow_publish = Signal(name="before_workflow_publish", providing_args=["headers"])
"""The first steps of a workflow are about to be published. sender: the workflow's id. headers: of their messages,
beside their own, to change."""

before_dead_letter_publish = Signal(name="before_dead_letter_publish", providing_args=["headers", "reason"])
"""A dead letter is about to be published; as `dead_letter_stored`. headers: to change."""

dead_letter_stored = Signal(name="dead_letter_stored", providing_args=["headers", "reason", "failure"])
"""The broker has a dead letter. sender: the QueueClass. headers: those of the letter. reason: begins with the name of
what was raised, and a colon; in the worker's main process for what no run could report. failure: the exception, or None
for a message that no task could be made of."""

before_replay_publish = Signal(name="before_replay_publish", providing_args=["headers"])
"""A dead letter's message is about to be published again; as `dead_letter_replayed`. headers: to change."""

dead_letter_replayed = Signal(name="dead_letter_replayed", providing_args=["headers"])
"""A dead letter's message was published again. sender: the QueueClass. headers: those of the message."""
