"""`from myservice.tasks import send_invoice` is used like the task, and like the module as before."""

import importlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from runtime import PayloadError, publish_many
from runtime.task_modules import use_as_tasks
from runtime.testing.delivery import InProcessService
from tests.template.rendering import render

from .service.app import app

TASK = """\
from runtime import ServiceTask
from tests.runtime.service.app import app
from tests.runtime.service.queues import Queue

name_of_nothing = "module"


@app.task(shared=False, base=ServiceTask, bind=True, work_queue=Queue.SHORT, idempotency="natural", time_limit=2)
def send_invoice(self: ServiceTask, invoice_id: int) -> int:
    return work(invoice_id)


def work(invoice_id: int) -> int:
    return invoice_id
"""


@pytest.fixture
def package(service: InProcessService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package whose module `send_invoice` has a task of that name; `bare` has none."""
    folder = tmp_path / "planted_tasks"
    folder.mkdir()
    for name, text in {"__init__": "", "send_invoice": TASK, "bare": "send = 1\n"}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"planted_tasks.{name}" for name in ("send_invoice", "bare")]
    use_as_tasks([importlib.import_module(name) for name in names])
    yield "planted_tasks"
    app.tasks.pop("planted_tasks.send_invoice.send_invoice")
    for name in [*names, "planted_tasks"]:
        del sys.modules[name]


@pytest.fixture
def module(package: str) -> Any:
    """What `from planted_tasks import send_invoice` gives."""
    return getattr(importlib.import_module(package), "send_invoice")  # noqa: B009  # as the statement does


def test_it_is_published_like_the_task(module: Any) -> None:
    assert module.delay(1).id
    assert module.apply_async((1,), countdown=5).id
    assert module.s(1).task == module.name == "planted_tasks.send_invoice.send_invoice"
    assert publish_many([(module, {"invoice_id": 1})]) == []
    assert module(3) == 3
    with pytest.raises(PayloadError, match="expected argument invoice_id of planted_tasks"):
        module.delay("1")


def test_it_is_the_module_as_before(module: Any, service: InProcessService, monkeypatch: pytest.MonkeyPatch) -> None:
    task = importlib.import_module("planted_tasks.send_invoice").send_invoice
    assert module.send_invoice is task
    assert module.name_of_nothing == "module"
    assert pickle.loads(pickle.dumps(module.work)) is module.work
    calls: list[int] = []
    monkeypatch.setattr(module, "work", calls.append)
    assert service.deliver(task, 7).state == service.deliver(module, 8).state == "SUCCESS"
    assert calls == [7, 8]
    with mock.patch("planted_tasks.send_invoice.work", side_effect=calls.append):
        service.deliver(task, 9)
    assert calls == [7, 8, 9]
    assert importlib.reload(sys.modules["planted_tasks.bare"]).send == 1


def test_what_a_test_replaces_is_replaced_for_all_who_have_the_task(module: Any) -> None:
    task, delay = module.send_invoice, module.send_invoice.delay
    with mock.patch("planted_tasks.send_invoice.delay", return_value="planted"):
        assert task.delay(1) == module.delay(1) == "planted"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "delay", lambda number: number)
        assert task.delay(1) == 1
    assert task.delay == module.delay == delay


def test_another_name_is_a_module_s_missing_attribute(module: Any, package: str) -> None:
    for name in ("nonsense", "__wrapped__"):
        with pytest.raises(AttributeError, match=f"module 'planted_tasks.send_invoice' has no attribute '{name}'"):
            getattr(module, name)
    assert not hasattr(importlib.import_module(f"{package}.bare"), "delay")


USED = """\
import os
os.environ.update(MYSERVICE_BROKER_URL="memory://", MYSERVICE_IDEMPOTENCY_URL="redis://127.0.0.1:1/0")
from myservice.tasks import send_welcome
from myservice.app import app
task = app.tasks["myservice.tasks.send_welcome.send_welcome"]
assert send_welcome.si(1).task == task.name
import myservice.tasks.send_welcome
assert myservice.tasks.send_welcome.s(1) == send_welcome.send_welcome.s(1) == task.s(1)
from myservice.tasks.send_welcome import send_welcome
assert send_welcome == task
"""


def test_a_service_s_tasks_are_imported_from_their_package(tmp_path: Path) -> None:
    rendered = render(tmp_path / "myservice", {"service_name": "myservice"})
    subprocess.run([sys.executable, "-c", USED], env={**os.environ, "PYTHONPATH": str(rendered / "src")}, check=True)
