"""Two versions of a task's code run side by side: each message runs once, whoever has sent it and whoever takes it."""

import re
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from runtime import ServiceTask, TaskOptionError
from runtime.contract import digest, document
from runtime.testing import Delivery, InProcessService, Worker

from .combinations import each_broker
from .service.app import app
from .service.calls import dead_reasons, run_elsewhere, send_from_elsewhere
from .service.notes import count
from .service.queues import Queue
from .service.tasks.renamed import ALIASES
from .test_names import queued


def old(self: ServiceTask, order_id: int, note: str = "x") -> None:
    """The version that the message was made for."""


def new(self: ServiceTask, order_number: int, note: str = "y", *, urgent: bool = False) -> None:
    """One with another name, another default and one more argument."""


VERSIONS: dict[Callable[..., Any], dict[str, Any]] = {old: {}, new: {"former_arguments": {"order_id": "order_number"}}}


@pytest.fixture
def version() -> Iterator[Callable[..., Any]]:
    """Registers one version of a task, in this application, for the length of a test."""
    register: Any = app.task

    def make(function: Callable[..., Any]) -> Any:
        app.tasks.pop("tests.versioned", None)
        return register(
            base=ServiceTask,
            bind=True,
            shared=False,
            name="tests.versioned",
            work_queue=Queue.SHORT,
            idempotency="lease",
            soft_time_limit=1,
            time_limit=2,
            **VERSIONS[function],
        )(function)

    yield make
    app.tasks.pop("tests.versioned", None)


@pytest.mark.parametrize(("began", "got"), [(old, new), (new, old)], ids=["old began", "new began"])
@pytest.mark.parametrize("given", [{}, {"note": "x"}, {"note": "y"}], ids=str)
def test_a_message_that_one_version_has_begun_is_a_duplicate_to_the_other(
    service: InProcessService, version: Callable[..., Any], began: Any, got: Any, given: dict[str, Any]
) -> None:
    version(old)
    queued()
    for arguments, kwargs in (((1,), given), ((), {"order_id": 1, **given})):
        Celery.send_task(app, "tests.versioned", arguments, kwargs)
        (message,) = queued()
        assert service.run(version(began), message) == Delivery("SUCCESS", duplicate=False)
        assert service.run(version(got), message) == Delivery("SUCCESS", duplicate=True)
    assert service.dead_letters() == []


@each_broker
def test_a_worker_takes_what_other_versions_have_sent(worker: Worker, tmp_path: Path) -> None:
    folder = str(tmp_path)
    for name in ("tests.receipt", *ALIASES):
        for arguments, keywords in (([folder, 1], {}), ([folder], {"customer": 1}), ([folder], {"customer_id": 1})):
            worker.call(send_from_elsewhere, name, arguments, keywords)
    step = {"task": ALIASES[1], "args": [folder], "kwargs": {"client": 2}, "options": {}, "immutable": True}
    worker.call(send_from_elsewhere, ALIASES[0], [folder, 1], {}, chain=[step])
    worker.wait((tmp_path / "2").exists)
    worker.wait(lambda: count(tmp_path, "1") == 10)


@each_broker
def test_a_worker_drops_what_an_earlier_version_has_run(worker: Worker, tmp_path: Path) -> None:
    task_id, arguments = str(uuid.uuid4()), {"folder": str(tmp_path), "customer": 1}
    worker.call(run_elsewhere, ALIASES[0], task_id, arguments, {})
    worker.call(send_from_elsewhere, ALIASES[0], [], arguments, task_id=task_id)
    worker.wait(lambda: worker.lines('"duplicate"', task_id))
    assert count(tmp_path, "1") == 0


CONTRACTS = "; the message was made from contract 0123456789ab, and this worker has "


@each_broker
def test_a_refusal_says_which_contracts_differ(worker: Worker, tmp_path: Path) -> None:
    headers = {"contract": "0123456789ab"}
    unknown = worker.call(send_from_elsewhere, "tests.unheard", [], {}, headers=headers)
    wrong = worker.call(send_from_elsewhere, ALIASES[0], [str(tmp_path)], {"other": 1}, headers=headers)
    for task_id, expected in (
        (unknown, "NotRegistered: expected a task of this"),
        (wrong, "PayloadError: expected the"),
    ):
        (reason,) = worker.wait(partial(worker.call, dead_reasons, task_id))
        assert reason.startswith(expected)
        assert re.search(f"{CONTRACTS}[0-9a-f]{{12}}$", reason), (
            reason
        )  # of a worker that has tasks of the harness, too


@pytest.mark.parametrize("header", ["0123456789abc", "0123456789AB", 123456789012, None, {"a": 1}], ids=str)
def test_a_header_that_is_no_contract_is_left_alone(
    service: InProcessService, version: Callable[..., Any], header: Any
) -> None:
    queued()
    version(old)
    Celery.send_task(app, "tests.versioned", headers={"contract": header})
    (message,) = queued()
    assert service.run(version(old), message).state == "FAILURE"
    (letter,) = service.dead_letters()
    assert letter.reason.endswith("; correct the call")


def test_the_worker_s_contract_is_the_one_that_is_printed(
    service: InProcessService, version: Callable[..., Any]
) -> None:
    queued()
    version(old)
    app.contract_digest.cache_clear()  # type: ignore[attr-defined]  # of functools
    Celery.send_task(app, "tests.versioned", headers={"contract": "0123456789ab"})
    (message,) = queued()
    service.run(version(old), message)
    (letter,) = service.dead_letters()
    assert letter.reason.endswith(f"; correct the call{CONTRACTS}{digest(document(app))}")
    app.contract_digest.cache_clear()  # type: ignore[attr-defined]


def test_a_worker_without_a_contract_says_why(
    service: InProcessService, version: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise TaskOptionError("expected a name, got: none; write one")

    monkeypatch.setattr(app, "contract_digest", none)
    queued()
    version(old)
    Celery.send_task(app, "tests.versioned", headers={"contract": "0123456789ab"})
    (message,) = queued()
    service.run(version(old), message)
    (letter,) = service.dead_letters()
    assert letter.reason.endswith("and this worker has none (expected a name, got: none; write one)")
