"""What holds for every task that is registered, those of next year too. Celery's built-in ones are excepted."""

from typing import Any

import pytest
from celery import shared_task

from myservice.app import app, service_tasks
from myservice.errors import ConfigurationError, TaskOptionError
from myservice.options import check_values
from myservice.queues import Queue
from myservice.settings import settings
from myservice.task import ServiceTask

TASKS = service_tasks(app)
GOOD: dict[str, Any] = {
    "base": ServiceTask,
    "bind": True,
    "name": "tests.planted",
    "work_queue": next(iter(Queue)),
    "idempotency": "lease",
    "soft_time_limit": 1,
    "time_limit": 2,
}


@pytest.fixture
def planted() -> Any:
    """A function that registers a task with options of its own, for the length of a test."""

    def plant(**options: Any) -> Any:
        @shared_task(**{**GOOD, **options})  # type: ignore[untyped-decorator]  # the options vary
        def task(self: ServiceTask, user_id: int) -> None:
            raise NotImplementedError

        return app.tasks["tests.planted"]

    yield plant
    app.tasks.pop("tests.planted", None)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_keeps_the_hard_stops(task: Any) -> None:
    assert 0 < task.soft_time_limit < task.time_limit <= task.work_queue.value.longest_run
    assert task.serializer == "json"
    assert task.acks_late
    assert task.ignore_result == (task.keep_result is None)
    assert task.max_retries is not None
    assert not {Exception, BaseException} & set(task.autoretry_for)
    assert task.retry_backoff
    assert task.retry_jitter
    assert task.idempotency


def test_messages_are_json_alone() -> None:
    assert app.conf.accept_content == app.conf.result_accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == app.conf.event_serializer == "json"


def test_every_queue_of_the_table_is_declared_and_no_other() -> None:
    assert sorted(app.amqp.queues) == sorted(queue.value.wire_name for queue in Queue)
    assert not app.conf.task_create_missing_queues


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_goes_to_its_own_queue(task: Any) -> None:
    routed = app.amqp.router.route({}, task.name, task_type=task)
    assert routed["queue"].name == task.work_queue.value.wire_name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retry_no": 3}, "got: retry_no"),
        ({"soft_time_limits": 3}, "did you mean soft_time_limit?"),
        ({"queue": "default"}, "did you mean work_queue?"),
        ({"work_queue": None}, "expected work_queue of tests.planted to be a member of Queue"),
        ({"idempotency": "maybe"}, "expected idempotency of tests.planted to be one of"),
        ({"key": ("order_id",)}, "got: order_id"),
        ({"soft_time_limit": 5, "time_limit": 5}, "expected 0 < soft_time_limit < time_limit"),
        ({"time_limit": None}, "expected 0 < soft_time_limit < time_limit"),
        ({"time_limit": 100_000}, "the longest run of queue"),
        ({"keep_result": "why"}, "_RESULT_URL to be set"),
        ({"every": "now and then"}, "five crontab fields"),
        ({"breaker": "Pay now"}, "breaker of tests.planted"),
    ],
    ids=str,
)
def test_a_bad_option_stops_the_service(options: dict[str, Any], message: str, planted: Any) -> None:
    bare = settings().model_copy(update={"result_url": ""})
    with pytest.raises((TaskOptionError, ConfigurationError), match=message.replace("?", r"\?")):
        check_values(planted(**options), bare)


def test_a_task_without_the_base_class_stops_the_service() -> None:
    @shared_task(name="tests.bare")
    def bare() -> None:
        raise NotImplementedError

    try:
        with pytest.raises(TaskOptionError, match=r"expected base of tests\.bare to be ServiceTask"):
            service_tasks(app)
    finally:
        app.tasks.pop("tests.bare")
