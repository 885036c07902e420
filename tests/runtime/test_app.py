"""What `create_app` makes of a service."""

import gc
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from runtime import ConfigurationError
from runtime.app import _without_collection
from runtime.service import service_of
from runtime.task import service_tasks

from .conftest import TRACED
from .service.app import app
from .service.queues import Queue


def test_messages_are_json_alone() -> None:
    assert app.conf.accept_content == app.conf.result_accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == app.conf.event_serializer == "json"


def test_every_queue_of_the_table_is_declared_and_no_other() -> None:
    assert sorted(app.amqp.queues) == sorted(queue.value.wire_name for queue in Queue)
    assert not app.conf.task_create_missing_queues


@pytest.mark.parametrize("task", service_tasks(app), ids=lambda task: task.name)
def test_a_task_goes_to_its_own_queue(task: Any) -> None:
    routed = app.amqp.router.route({}, task.name, task_type=task)
    assert routed["queue"].name == task.work_queue.value.wire_name


def test_every_module_of_the_packages_is_found() -> None:
    folder = Path(__file__).with_name("service")
    for package in ("tasks", "workflows"):
        for file in (folder / package).glob("*.py"):
            name = f"{__package__}.service.{package}.{file.stem}".removesuffix(".__init__")
            assert name in sys.modules


@pytest.mark.parametrize(
    ("code", "frozen"),
    [
        ("runtime.loading; runtime.loading.load('tests.runtime.service.app')", True),
        ("tests.runtime.service.app", False),
    ],
)
def test_a_command_freezes_its_application_and_no_other_process_does(code: str, frozen: bool) -> None:
    code = f"import gc, {code}; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | TRACED | {"RUNTIME_BROKER_URL": "memory://"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"True {frozen}\n"


def test_garbage_is_looked_for_again_after_a_task_that_cannot_be_imported() -> None:
    seen = []
    with suppress(ImportError), _without_collection():
        seen.append(gc.isenabled())
        raise ImportError
    assert [*seen, gc.isenabled()] == [False, True]


def test_what_is_due_is_scheduled() -> None:
    assert list(app.conf.beat_schedule) == ["tests.report", "tests.tick"]


def test_another_application_is_no_service() -> None:
    with pytest.raises(ConfigurationError, match=r"to be the one of runtime, got: .*; import runtime\.app first"):
        service_of(Celery("another", set_as_current=False))


def test_variables_of_celery_that_name_servers_are_another_application_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL"):
        monkeypatch.setenv(f"CELERY_{name}", "amqp://elsewhere:5672//")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", "redis://elsewhere:6379/0")
    assert "elsewhere" in app.conf.broker_url
    for connection in (app.connection_for_read(), app.connection_for_write()):
        assert connection.as_uri().startswith("memory://")
    assert "elsewhere" not in app._get_backend().as_uri()
