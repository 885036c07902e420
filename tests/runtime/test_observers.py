"""Who observes is told of each run and each publish once, and cannot disturb them."""

import logging
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from kombu.exceptions import OperationalError

from runtime.testing import InProcessService

from .service.app import app
from .service.tasks.effects import effect
from .service.tasks.endings import ENDINGS

Told = list[tuple[Any, ...]]


@pytest.fixture
def runs() -> Iterator[Told]:
    """What is told of runs, until the test ends."""
    told: Told = []

    def begin_run(task: Any, request: Any) -> Any:
        told.append(("begins", task.name, request.id))
        return lambda state, error: told.append((state, type(error).__name__))

    app.run_observers += (begin_run,)
    yield told
    app.run_observers = app.run_observers[:-1]


@pytest.fixture
def publishes() -> Iterator[Told]:
    """What is told of publishes, until the test ends."""
    told: Told = []

    def begin_publish(name: str, options: dict[str, Any]) -> Any:
        options["headers"]["observed"] = "by a test"
        told.append((name, options["task_id"]))
        return lambda error: told.append((type(error).__name__,))

    app.publish_observers += (begin_publish,)
    yield told
    app.publish_observers = app.publish_observers[:-1]


def traced(task: Any, *args: Any, **headers: Any) -> None:
    """Run a delivery as a worker's process does."""
    task_id = str(uuid.uuid4())
    request = {"id": task_id, "headers": headers, "delivery_info": {}, "is_eager": False}
    build_tracer(task.name, task, app=app)(task_id, [*args], {}, request)


def test_a_run_is_told_with_its_end(runs: Told, service: InProcessService, tmp_path: Path) -> None:
    for number in range(2):
        service.deliver(effect, "one", str(tmp_path), task_id=f"effect-{number}")
        assert runs == [("begins", "tests.effect", f"effect-{number}"), ("SUCCESS", "NoneType")]
        runs.clear()
    for name, state, error in (
        ("fails", "FAILURE", "ValueError"),
        ("exhausts_its_retries", "RETRY", "Retry"),
        ("rejects", "REJECTED", "Reject"),
    ):
        service.deliver(ENDINGS[name], str(tmp_path), name, task_id=name)
        assert runs == [("begins", f"tests.{name}", name), (state, error)]
        runs.clear()


def test_celery_s_own_tasks_are_told_and_direct_calls_are_not(runs: Told) -> None:
    accumulate = app.tasks["celery.accumulate"]
    traced(accumulate, 1, 2)
    assert [(each[0], each[1]) for each in runs] == [("begins", "celery.accumulate"), ("SUCCESS", "NoneType")]
    runs.clear()
    assert accumulate(1, 2) == (1, 2)
    assert runs == []
    assert accumulate.apply((1, 2)).get() == (1, 2)
    assert [each[0] for each in runs] == ["begins", "SUCCESS"]


def test_a_publish_is_told_with_its_end(
    publishes: Told, service: InProcessService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.deliver(ENDINGS["exhausts_its_retries"], str(tmp_path), "name", task_id="retried")
    assert publishes == [("tests.exhausts_its_retries", "retried"), ("NoneType",)] * 2
    publishes.clear()
    sent: list[Any] = []

    def refuse(self: Celery, name: str, *args: Any, **options: Any) -> None:
        sent.append(options["headers"]["observed"])
        raise OperationalError("away")

    monkeypatch.setattr(Celery, "send_task", refuse)
    with pytest.raises(OperationalError):
        app.send_task("tests.effect", task_id="refused")
    assert (publishes, sent) == ([("tests.effect", "refused"), ("OperationalError",)], ["by a test"])


def test_an_observer_that_raises_is_logged_and_changes_nothing(
    runs: Told, publishes: Told, service: InProcessService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("an observer's own fault")

    before = app.run_observers, app.publish_observers
    app.run_observers = (broken, lambda *_: broken, *before[0])
    app.publish_observers = (broken, lambda *_: broken, *before[1])
    try:
        with caplog.at_level(logging.ERROR):
            delivery = service.deliver(effect, "one", str(tmp_path), task_id="disturbed")
    finally:
        app.run_observers, app.publish_observers = before
    assert delivery.state == "SUCCESS"
    assert (tmp_path / "one").read_text() == "disturbed\n"
    assert [len(runs), len(publishes)] == [2, 2]
    logged = [record for record in caplog.records if record.name == "runtime.observers"]
    assert len(logged) == 4
    assert all("an observer's own fault" in str(record.exc_info) for record in logged)
