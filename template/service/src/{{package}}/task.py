"""The base class of this service's tasks."""

from . import runtime

__all__ = ["ServiceTask"]


class ServiceTask(runtime.ServiceTask):
    """What holds for every task: defaults of its options, such as `retry_backoff_max = 300`, and Celery's hooks.

    A hook such as `before_start` or `on_success` calls super(). An attribute that is added here is an option of
    `@shared_task`; type checkers know it where a subclass sets it and is the task's `base`. What one task does belongs
    into its own file, its queue into `queues.py`.
    """

    abstract = True
