"""What holds for every task that is registered, of next year too. The runtime is tested with its template."""

from typing import Any

import pytest

from myservice.app import app
from myservice.task import ServiceTask

TASKS: list[Any] = [task for task in dict.fromkeys(app.tasks.values()) if not task.name.startswith("celery.")]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_keeps_the_hard_stops_and_goes_to_its_own_queue(task: Any) -> None:
    assert ServiceTask in type(task).__mro__
    assert 0 < task.soft_time_limit < task.time_limit <= task.work_queue.value.max_runtime
    assert task.idempotency
    assert task.serializer == "json"
    assert task.acks_late
    assert task.ignore_result == (task.keep_result is None)
    assert task.max_retries is not None
    assert not {Exception, BaseException} & set(task.autoretry_for)
    assert task.retry_backoff
    assert task.retry_jitter
    routed = app.amqp.router.route({}, task.name, task_type=task)
    assert routed["queue"].name == task.work_queue.value.wire_name
