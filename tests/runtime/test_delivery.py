"""One delivery in this process, as the tests of a service's tasks make it: what becomes of a run, however it ends."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from runtime import Busy, ServiceTask, TaskOptionError
from runtime.testing import Delivery, InProcessService

from .service.app import app
from .service.notes import count
from .service.queues import Queue
from .service.tasks.effects import effect, failure
from .service.tasks.endings import ENDINGS
from .service.tasks.results import double

Body = Callable[[ServiceTask], Any]


@pytest.fixture
def task() -> Iterator[Callable[..., Any]]:
    """Registers a task with this body and these options, in this application, for the length of a test."""
    register: Any = app.task

    def make(body: Body, **options: Any) -> Any:
        def run(self: ServiceTask) -> Any:
            return body(self)

        given = {"name": "tests.made", "idempotency": "lease", "soft_time_limit": 1, "time_limit": 2, **options}
        return register(base=ServiceTask, bind=True, shared=False, work_queue=Queue.SHORT, **given)(run)

    yield make
    app.tasks.pop("tests.made", None)


def queued(queue: Queue = Queue.SHORT) -> list[Any]:
    """The messages in a queue of this process, which are taken out of it."""
    with app.connection_for_write() as connection:
        bound = app.amqp.queues[queue.value.wire_name].bind(connection.default_channel)
        return list(iter(lambda: bound.get(no_ack=True), None))


def test_a_repeat_is_dropped(service: InProcessService, tmp_path: Path) -> None:
    assert service.deliver(effect, "name", str(tmp_path)) == Delivery("SUCCESS", duplicate=False)
    assert service.deliver(effect, "name", str(tmp_path)) == Delivery("SUCCESS", duplicate=True)
    assert count(tmp_path, "name") == 1
    assert service.dead_letters() == []


def test_the_next_test_begins_with_an_empty_store(service: InProcessService, tmp_path: Path) -> None:
    assert not service.deliver(effect, "name", str(tmp_path)).duplicate


def test_a_failure_is_a_dead_letter(service: InProcessService) -> None:
    task_id = str(uuid4())
    assert service.deliver(failure, task_id=task_id).state == "FAILURE"
    (letter,) = service.dead_letters()
    assert (letter.id, letter.task, letter.reason) == (task_id, "tests.failure", "ValueError: it cannot work")
    assert service.dead_letters() == []


def test_another_payload_under_one_key_is_a_dead_letter(service: InProcessService, tmp_path: Path) -> None:
    service.deliver(effect, "name", str(tmp_path))
    assert service.deliver(effect, "name", str(tmp_path / "other")).state == "FAILURE"
    (letter,) = service.dead_letters()
    assert letter.reason.startswith("KeyConflict: ")


def test_a_retry_is_published_and_uses_one_up(service: InProcessService, tmp_path: Path) -> None:
    assert service.deliver(ENDINGS["exhausts_its_retries"], str(tmp_path), "name").state == "RETRY"
    (again,) = queued()
    assert again.headers["retries"] == 1
    assert service.dead_letters() == []


def test_a_run_that_may_come_later_is_deferred_and_uses_no_retry_up(
    service: InProcessService, task: Callable[..., Any]
) -> None:
    def is_busy(self: ServiceTask) -> None:
        raise Busy("expected the key to be free, got: held", retry_after=20.0)

    task_id = str(uuid4())
    assert service.deliver(task(is_busy), task_id=task_id).state == "IGNORED"
    (again,) = queued()
    assert (again.headers["id"], again.headers["retries"], again.headers["deferrals"]) == (task_id, 0, 1)
    assert service.dead_letters() == []


def test_a_run_that_has_no_memory_is_requeued(service: InProcessService, tmp_path: Path) -> None:
    assert service.deliver(ENDINGS["runs_out_of_memory"], str(tmp_path), "name").state == "REJECTED"
    assert service.dead_letters() == []


def test_a_result_is_kept_for_a_repeat(service: InProcessService) -> None:
    task_id = str(uuid4())
    assert not service.deliver(double, 21, task_id=task_id).duplicate
    assert service.deliver(double, 21, task_id=task_id).duplicate
    assert app.AsyncResult(task_id).result == 42


def test_a_transactional_task_has_a_session_and_every_task_its_key(
    service: InProcessService, task: Callable[..., Any]
) -> None:
    seen: list[Any] = []

    def look(self: ServiceTask) -> None:
        seen.append((self.idempotency_key, self.session.execute(text("SELECT 1")).scalar()))

    task_id = str(uuid4())
    service.deliver(task(look, idempotency="transactional"), task_id=task_id)
    assert seen == [(f"tests.made:{task_id}", 1)]


def test_another_mode_has_no_session(service: InProcessService, task: Callable[..., Any]) -> None:
    errors: list[TaskOptionError] = []

    def look(self: ServiceTask) -> None:
        with pytest.raises(TaskOptionError) as refused:
            _ = self.session
        errors.append(refused.value)

    service.deliver(task(look))
    assert "expected idempotency of tests.made to be transactional" in str(errors[0])


def test_a_plain_call_only_runs(tmp_path: Path) -> None:
    for _ in range(2):
        effect("name", str(tmp_path))
    assert count(tmp_path, "name") == 2


@pytest.mark.parametrize("error", [ConnectionError, UnicodeDecodeError, TaskOptionError, OSError])
def test_an_error_is_planted_whatever_its_constructor_requires(
    service: InProcessService, error: type[BaseException]
) -> None:
    planted = service.planted(error)
    assert isinstance(planted, error)
    assert str(planted) == repr(planted) == "planted"
    assert not hasattr(planted, "response")
