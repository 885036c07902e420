"""Who publishes a deprecated task is told, at the line that does it, what to use instead."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import chain, group
from sqlalchemy import Connection

from runtime import ServiceTask, publish_many
from runtime.cli.send import send
from runtime.idempotency.sql.database import engine_of
from runtime.outbox import publish as publish_on_commit
from runtime.settings import settings
from runtime.testing import InProcessService

from .service.app import app
from .service.queues import Queue
from .service.tasks.effects import effect

EFFECT: Any = effect


@pytest.fixture
def task() -> Iterator[Any]:
    """A deprecated task, in this application, for the length of a test."""
    register: Any = app.task

    def planted(self: ServiceTask) -> None:
        """Nothing."""

    yield register(
        base=ServiceTask,
        bind=True,
        shared=False,
        name="tests.planted",
        deprecated="use effect",
        work_queue=Queue.SHORT,
        idempotency="lease",
        soft_time_limit=1,
        time_limit=2,
    )(planted)
    app.tasks.pop("tests.planted")


def publish_in_outbox(task: Any) -> None:
    connection: Connection
    with engine_of(settings().idempotency_url).connect() as connection:
        publish_on_commit(connection, task.s())


PUBLISHERS: list[Callable[[Any], Any]] = [
    lambda task: task.delay(),
    lambda task: task.apply_async(),
    lambda task: task.s().apply_async(),
    lambda task: group(task.si()).apply_async(),
    lambda task: chain(EFFECT.si("name", "folder"), task.si()).apply_async(),
    lambda task: publish_many([(task, {})]),
    publish_in_outbox,
]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("publish", PUBLISHERS)
def test_publishing_it_warns_at_the_caller_s_line(publish: Callable[[Any], Any], task: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        publish(task)
    assert [(str(each.message), each.category) for each in caught] == [
        ("tests.planted is deprecated: use effect", DeprecationWarning)
    ]
    code = publish.__code__
    lines = {line for _, _, line in code.co_lines()}
    assert (caught[0].filename, caught[0].lineno in lines) == (code.co_filename, True)


@pytest.mark.usefixtures("service")
def test_the_command_s_line_is_the_caller_s(task: Any) -> None:
    with pytest.warns(DeprecationWarning, match="use effect") as caught:
        send(app, "planted", {})
    assert [each.filename for each in caught] == [__file__]


@pytest.mark.filterwarnings("error")
def test_nothing_else_warns(service: InProcessService, task: Any, tmp_path: Any) -> None:
    task()
    assert task.si() == task.s().set(immutable=True)
    EFFECT.delay("name", str(tmp_path))
    with pytest.warns(DeprecationWarning, match="use effect") as caught:
        assert service.deliver(task).state == "SUCCESS"
    assert len(caught) == 1
