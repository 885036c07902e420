"""The base class of this service's tasks."""

from . import runtime

__all__ = ["ServiceTask"]


class ServiceTask(runtime.ServiceTask):
    """What holds for every task: defaults of its options, such as `retry_backoff_max = 300`, and Celery's hooks.

    A hook such as `before_start` or `on_success` calls super(). An option that is added here is set in a subclass, the
    task's `base`, where type checkers know it. What one task does belongs into its file, its queue into `queues.py`.
    """

    abstract = True
