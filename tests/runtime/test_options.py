"""A task that is declared in a way that could never work stops the service where it starts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

import pytest

from runtime import ConfigurationError, ServiceTask, TaskOptionError, shared_task
from runtime.options import check_values
from runtime.settings import settings
from runtime.task import service_tasks

from .service.app import app
from .service.queues import Queue

GOOD: dict[str, Any] = {
    "base": ServiceTask,
    "bind": True,
    "name": "tests.planted",
    "work_queue": Queue.SHORT,
    "idempotency": "lease",
    "soft_time_limit": 1,
    "time_limit": 2,
}


class Colour(Enum):
    """An enumeration."""

    RED = "red"


class OwnersTask(ServiceTask):
    """A base class with an option of its own, as a service's `task.py` may have it."""

    abstract = True
    tenant: str | None = None


@pytest.fixture
def planted() -> Iterator[Callable[..., Any]]:
    """A function that registers a task with options of its own, in this application, for the length of a test."""

    task: Any = app.task

    def run(self: ServiceTask, user_id: int) -> None:
        raise NotImplementedError

    def plant(function: Callable[..., Any] = run, **options: Any) -> Any:
        app.tasks.pop("tests.planted", None)
        return task(shared=False, **{**GOOD, **options})(function)

    yield plant
    app.tasks.pop("tests.planted", None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"retry_no": 3}, "got: retry_no"),
        ({"soft_time_limits": 3}, "did you mean soft_time_limit?"),
        ({"queue": "default"}, "did you mean work_queue?"),
        ({"work_queue": None}, "expected work_queue of tests.planted to be a member of Queue"),
        ({"work_queue": "short"}, "expected work_queue of tests.planted to be a member of Queue"),
        ({"idempotency": "maybe"}, "expected idempotency of tests.planted to be one of"),
        ({"key": ("order_id",)}, "got: order_id"),
        ({"soft_time_limit": 5, "time_limit": 5}, "expected 0 < soft_time_limit < time_limit"),
        ({"time_limit": None}, "expected 0 < soft_time_limit < time_limit"),
        ({"time_limit": 100_000}, "at most 10 s, the max_runtime of queue short"),
        ({"keep_result": "why"}, "_RESULT_URL to be set"),
        ({"every": "now and then"}, "five crontab fields"),
        ({"every": "1h"}, "expected every argument of tests.planted to have a default, .* got: user_id"),
        (
            {"acks_late": False},
            "expected acks_late of tests.planted to be True, got: False; remove it, since a message",
        ),
        ({"reject_on_worker_lost": True}, "expected reject_on_worker_lost of tests.planted to be False, got: True"),
        ({"retry_on_worker_lost": False}, "expected retry_on_worker_lost of tests.planted to be True"),
        ({"acks_on_failure": False}, "expected acks_on_failure of tests.planted to be True"),
        ({"acks_on_timeout": False}, "expected acks_on_timeout of tests.planted to be True"),
        ({"acks_on_failure_or_timeout": False}, "expected acks_on_failure_or_timeout of tests.planted to be True"),
        ({"serializer": "pickle"}, "expected serializer of tests.planted to be 'json', got: 'pickle'"),
        ({"ignore_result": False}, "expected keep_result of run to say whether .* got: ignore_result=False"),
        ({"ignore_result": True, "keep_result": "why"}, "expected keep_result of run .* got: ignore_result=True"),
        ({"bind": False}, "expected bind of tests.planted to be True, since its function takes self"),
        ({"breaker": "Pay now"}, "breaker of tests.planted"),
        ({"deprecated": True}, "expected deprecated of tests.planted to say what to use instead, got: True"),
        ({"deprecated": ""}, "expected deprecated of tests.planted to say what to use instead, got: ''"),
    ],
    ids=str,
)
def test_a_bad_option_stops_the_service(options: dict[str, Any], message: str, planted: Callable[..., Any]) -> None:
    bare = settings().model_copy(update={"result_url": ""})
    with pytest.raises((TaskOptionError, ConfigurationError), match=message.replace("?", r"\?")):
        check_values(planted(**options), app.service, bare)


def test_a_good_task_does_not(planted: Callable[..., Any]) -> None:
    check_values(planted(), app.service, settings())


def test_an_attribute_of_the_owner_s_base_class_is_an_option(planted: Callable[..., Any]) -> None:
    assert planted(base=OwnersTask, tenant="acme").tenant == "acme"
    message = r"expected an option that Celery or OwnersTask knows on run, got: tenants; did you mean tenant\?"
    with pytest.raises(TaskOptionError, match=message):
        planted(base=OwnersTask, tenants="acme")


class Invoice:
    """Stands for a row of a database."""


@pytest.mark.parametrize(
    "annotation",
    [
        Invoice,
        set[int],
        bytes,
        Callable[[], int],
        type[int],
        Colour,
        list[Invoice],
        dict[int, str],
        int | Invoice,
        "Nowhere",
    ],
    ids=str,
)
def test_an_annotation_of_what_json_does_not_carry_stops_the_service(
    annotation: Any, planted: Callable[..., Any]
) -> None:
    def run(self: ServiceTask, first: int, user: Any = None) -> None:
        raise NotImplementedError

    run.__annotations__["user"] = annotation
    message = (
        r"expected the annotations? (of user in|of) tests\.planted to be .*, got: .*(Invoice|int|bytes|Colour|Nowhere)"
    )
    with pytest.raises(TaskOptionError, match=message):
        check_values(planted(run), app.service, settings())


def test_a_task_that_is_not_bound_and_one_without_annotations_are_tasks(planted: Callable[..., Any]) -> None:
    def run(user_id, *rest, **more):  # type: ignore[no-untyped-def]  # as an owner may write it
        raise NotImplementedError

    check_values(planted(run, bind=False), app.service, settings())


def test_two_tasks_with_one_name_stop_the_service(planted: Callable[..., Any]) -> None:
    planted()

    def another(self: ServiceTask) -> None:
        raise NotImplementedError

    register: Any = shared_task
    message = (
        r"expected one task to have the name tests\.planted, its own or an alias, got: .*run and .*another; rename"
    )
    with pytest.raises(TaskOptionError, match=message):
        register(**GOOD)(another)


def test_a_service_whose_workers_share_no_redis_has_no_breakers(planted: Callable[..., Any]) -> None:
    with pytest.raises(TaskOptionError, match=r"expected no breaker of tests\.planted in a service without Redis"):
        check_values(planted(breaker="payments"), replace(app.service, breaker=None), settings())


def test_a_task_without_the_base_class_stops_the_service() -> None:
    @app.task(name="tests.bare", shared=False)
    def bare() -> None:
        raise NotImplementedError

    try:
        with pytest.raises(TaskOptionError, match=r"expected base of tests\.bare to be ServiceTask"):
            service_tasks(app)
    finally:
        app.tasks.pop("tests.bare")
