"""The one name for what Celery offers under several."""

__all__ = ["APPLICATION", "CANONICAL"]

APPLICATION = "celery.Celery()"

#: Names under which Celery offers the same thing.
CANONICAL = {
    "celery.app.base.Celery": "celery.Celery",
    "celery.app.Celery": "celery.Celery",
    "celery.app.shared_task": "celery.shared_task",
    "celery.app.task.Task": "celery.Task",
    "celery.task.Task": "celery.Task",
    "celery.Celery().Task": "celery.Task",
    "celery.task.base.Task": "celery.Task",
    "celery.current_app": APPLICATION,
    "celery.app.default_app": APPLICATION,
    "celery.task.task": "celery.shared_task",
    "celery.decorators.task": "celery.shared_task",
    "celery.task.periodic_task": "celery.shared_task",
    "celery.decorators.periodic_task": "celery.shared_task",
    "celery.task": "celery.shared_task",
    "celery.canvas.chain": "celery.chain",
    "celery.canvas.chord": "celery.chord",
    "celery.canvas.group": "celery.group",
    "celery.canvas.signature": "celery.signature",
    "celery.canvas.Signature": "celery.Signature",
    "celery.subtask": "celery.signature",
    "celery.Celery().signature": "celery.signature",
    "celery.result.AsyncResult": "celery.AsyncResult",
    "celery.Celery().AsyncResult": "celery.AsyncResult",
    "celery.contrib.django.task.DjangoTask": "celery.Task",
    "celery.utils.log.get_task_logger": "celery.get_task_logger",
}
