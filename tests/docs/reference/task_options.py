"""The options of a task, from what type checkers know of `shared_task` and from the base class of tasks."""

import ast

from runtime.options import PROMISED
from runtime.task import ServiceTask
from tests.template.golden import RUNTIME

from .markdown import documented_fields, table

__all__ = ["page"]

HEAD = """# Options of a task

`@shared_task(base=ServiceTask, bind=True, ...)` from `myservice.runtime` takes these. A misspelt option is an
error when the task's file is imported, and so is one that could not hold: a limit beyond that of its queue, a
mode that the store does not have. The defaults of all tasks of a service stand in its `task.py`.

"""
CELERY = """
## Celery's own

As in [Celery's documentation](https://docs.celeryq.dev/en/stable/userguide/tasks.html#list-of-options), with
other defaults where one is given here.

"""
KEPT = """
## Set by the runtime

Another value is refused, since it would break a promise of every task. `queue` and `ignore_result` follow from
`work_queue` and `keep_result`.

"""
NEEDED = ("soft_time_limit", "time_limit")
"""See `runtime.queues.check_limits`."""


def page() -> str:
    """Those that the service adds, those of Celery, and those that no task may change."""
    told = {ast.unparse(field.target): text for field, text in documented_fields(RUNTIME / "task.py", "ServiceTask")}
    fields = [field for field, _ in documented_fields(RUNTIME / "decorator.pyi", "TaskOptions")]
    types = {ast.unparse(field.target): ast.unparse(field.annotation) for field in fields}
    own = [(f"`{name}`", f"`{types[name]}`", told[name]) for name in types if told.get(name)]
    celery = [(f"`{name}`", f"`{types[name]}`", _default(name)) for name in types if not told.get(name)]
    kept = [(f"`{name}`", f"`{value!r}`", why) for name, (value, why) in PROMISED.items()]
    return (
        f"{HEAD}{table(['option', 'type', 'what it is'], own)}"
        f"{CELERY}{table(['option', 'type', 'default'], celery)}"
        f"{KEPT}{table(['option', 'value', 'with another one'], kept)}"
    )


def _default(name: str) -> str:
    if name in NEEDED:
        return "none: it has to be given"
    value = vars(ServiceTask).get(name)
    return "Celery's" if value is None else f"`{value!r}`"
