"""The fixture `published`: what a test publishes, with its arguments, queue and time, and without a broker."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from celery import chain, chord, group
from sqlalchemy.orm import Session

from runtime import PayloadError, outbox, publish_many
from runtime.testing.published_tasks import Published

from .conftest import VARIABLES
from .service.app import app
from .service.tasks.effects import effect
from .service.tasks.renamed import receipt
from .service.workflows import numbered

EFFECT: Any = effect
RECEIPT: Any = receipt
ARGUMENTS = {"name": "a", "folder": "f"}


def test_nothing_is_published_at_first(published: Published) -> None:
    assert published == []
    assert published(EFFECT) == published("effect") == []


def test_arguments_have_the_names_that_they_have_now_however_they_were_passed(published: Published) -> None:
    EFFECT.delay("a", folder="f")
    EFFECT.apply_async(("a", "f"))
    EFFECT.s("a").apply_async(("f",)[:0], {"folder": "f"})
    assert published(EFFECT) == published("tests.effect") == [ARGUMENTS] * 3
    RECEIPT.delay("f", 1)
    RECEIPT.delay("f", customer=2)
    assert published(RECEIPT) == [{"folder": "f", "customer_id": 1}, {"folder": "f", "customer_id": 2}]
    assert published("tests.invoice") == published(RECEIPT)
    assert [each.task for each in published.of("receipt")] == ["tests.receipt"] * 2


def test_queue_time_id_and_headers_are_noted(published: Published) -> None:
    eta = datetime(2026, 12, 24, 12, tzinfo=UTC)
    EFFECT.apply_async(("a", "f"), task_id="one", eta=eta, headers={"trace": "1"})
    EFFECT.apply_async(("a", "f"), countdown=60, queue="runtime.long")
    EFFECT.delay("a", "f")
    first, second, third = published
    assert (first.task, first.queue, first.id, first.eta) == ("tests.effect", "short", "one", eta)
    assert first.headers["trace"] == "1"
    assert second.queue == "long"
    assert second.eta
    assert timedelta(seconds=50) < second.eta - datetime.now(UTC) <= timedelta(seconds=60)
    assert third.eta is None
    assert UUID(third.id)


def test_of_what_follows_a_run_only_the_first_is_published(published: Published) -> None:
    chain(EFFECT.si("a", "f"), EFFECT.si("b", "f")).apply_async()
    assert published(EFFECT) == [ARGUMENTS]
    group(EFFECT.si(name, "f") for name in "bc").apply_async()
    assert published(EFFECT) == [ARGUMENTS, *({"name": name, "folder": "f"} for name in "bc")]


def test_of_a_chord_the_parts_are_published(published: Published) -> None:
    chord([EFFECT.si("a", "f"), EFFECT.si("b", "f")], EFFECT.si("c", "f")).apply_async()
    assert [each["name"] for each in published(EFFECT)] == ["a", "b"]


def test_many_at_once_are_published(published: Published) -> None:
    assert publish_many([(EFFECT, ARGUMENTS), EFFECT.s("b", "f")]) == []
    assert [each["name"] for each in published(EFFECT)] == ["a", "b"]


def test_what_is_put_into_the_outbox_counts_as_published(published: Published) -> None:
    session = Session()  # of no database
    task_id = outbox.publish(session, EFFECT.s("a", "f"), countdown=60)
    workflow_id = outbox.start(session, numbered.start_chain, "f")
    first, *steps = published
    assert (first.id, first.arguments) == (task_id, ARGUMENTS)
    assert first.eta
    assert [(each.id, each.task) for each in steps] == [(f"{workflow_id}.1.first", "tests.first")]


def test_arguments_are_checked(published: Published) -> None:
    for call in (EFFECT.delay, EFFECT.si, RECEIPT.delay):
        with pytest.raises(PayloadError, match="expected the arguments of"):
            call(1, 2, 3, 4)
    with pytest.raises(PayloadError, match="expected the name of one task"):
        published("unheard")
    assert published == []


def test_a_task_of_another_service_is_noted_by_its_name(published: Published) -> None:
    app.send_task("other.task", (1,), {"a": 2})
    assert [(each.task, each.arguments, each.queue) for each in published] == [
        ("other.task", {"1": 1, "a": 2}, "short")
    ]


FAILING = """
from celery import chord

from runtime import publish_many
from runtime.testing import published

from tests.runtime.service.tasks.effects import effect


def test_other(published):
    effect.apply_async(("a", "f"), countdown=5)
    assert published(effect) == [{"name": "b", "folder": "f"}]


def test_after(published):
    assert published == []
    chord([effect.si("a", "f")], effect.si("b", "f")).apply_async()
    publish_many([effect.s("c", "f")])
    assert [each["name"] for each in published(effect)] == ["a", "c"]
"""


@pytest.mark.parametrize("broker", ["", "amqp://127.0.0.1:1//"])  # without one the service has Redis' classes
def test_it_needs_no_plugin_and_no_broker_and_tells_what_was_published(tmp_path: Path, broker: str) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUNTIME_")}
    environment = {**kept, "PYTHONPATH": VARIABLES["PYTHONPATH"], "RUNTIME_APP": "tests.runtime.service.app"}
    environment |= {"RUNTIME_BROKER_URL": broker, "RUNTIME_RESULT_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "assert [{'name': 'a', 'folder': 'f'}] == [{'name': 'b', 'folder': 'f'}]" in done.stdout
    assert "PublishedTask(task='tests.effect', arguments=" in done.stdout
