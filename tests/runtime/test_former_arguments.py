"""An argument keeps its first former name in messages; calls, and what arrives, may use any of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, chain, chord, group, signature
from click.testing import CliRunner
from sqlalchemy import text

from runtime import PayloadError, ServiceTask, TaskOptionError, publish_many
from runtime.cli import group as commands
from runtime.idempotency.sql.database import OUTBOX, engine_of
from runtime.options import check_values
from runtime.outbox import publish as publish_on_commit
from runtime.settings import settings
from runtime.testing import Delivery, InProcessService
from runtime.testing.app import load_app

from .service.app import app
from .service.notes import count
from .service.queues import Queue
from .service.tasks.renamed import receipt
from .test_names import queued

TASK: Any = receipt
WIRE = {"folder": "f", "customer": 1}
NOW = {"folder": "f", "customer_id": 1}
SECOND = {"folder": "f", "client": 1}


def publish_by_id(**kwargs: Any) -> None:
    TASK.apply_async(kwargs=kwargs)


def publish_as_step(**kwargs: Any) -> None:
    chain(TASK.si("f", 0), TASK.s(**kwargs).set(immutable=True)).apply_async()


def publish_as_link(**kwargs: Any) -> None:
    TASK.apply_async(("f", 0), link=signature("tests.receipt", kwargs=kwargs, immutable=True))


def publish_many_at_once(**kwargs: Any) -> None:
    assert publish_many([(TASK, kwargs)]) == []


def send(**kwargs: Any) -> None:
    result = CliRunner().invoke(commands, ["send", "receipt", json.dumps(kwargs)], obj=load_app)
    assert result.exception is None


PUBLISHERS: list[Callable[..., Any]] = [
    TASK.delay,
    publish_by_id,
    lambda **kwargs: TASK.s(**kwargs).delay(),
    lambda **kwargs: TASK.si(**kwargs).delay(),
    lambda **kwargs: TASK.signature(kwargs=kwargs).apply_async(),
    lambda **kwargs: signature("tests.receipt", kwargs=kwargs).apply_async(),
    lambda **kwargs: group(TASK.s(**kwargs)).apply_async(),
    publish_many_at_once,
    send,
    publish_as_step,
    publish_as_link,
]


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("publish", PUBLISHERS)
@pytest.mark.parametrize("kwargs", [WIRE, NOW, SECOND], ids=["wire", "now", "second"])
def test_a_message_has_the_first_former_name(publish: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    queued()
    publish(**kwargs)
    (message,) = queued()
    _, sent, embedded = message.payload
    (step,) = [*(embedded["chain"] or ()), *(embedded["callbacks"] or ())] or [{"task": TASK.name, "kwargs": sent}]
    assert (step["task"], step["kwargs"]) == ("tests.invoice", WIRE)


@pytest.mark.usefixtures("service")
def test_so_have_the_parts_of_a_chord() -> None:
    queued()
    part = signature("tests.receipt", kwargs=NOW, immutable=True)
    TASK.apply_async(("f", 0), chord=part.clone(), link=[group([part.clone()]), chord([part.clone()], part.clone())])
    (message,) = queued()
    _, _, embedded = message.payload
    first, second = embedded["callbacks"]
    parts = [embedded["chord"], *first["kwargs"]["tasks"], *second["kwargs"]["header"], second["kwargs"]["body"]]
    assert [(each["task"], each["kwargs"]) for each in parts] == [("tests.invoice", WIRE)] * 4


@pytest.mark.usefixtures("service")
def test_so_has_a_row_of_the_outbox() -> None:
    engine = engine_of(settings().idempotency_url)
    with engine.connect() as connection:
        task_id = publish_on_commit(connection, "tests.receipt", kwargs=NOW)
        query = text(f"SELECT task, payload FROM {OUTBOX} WHERE id = :id")
        row = connection.execute(query, {"id": task_id}).one()
    assert (row.task, json.loads(row.payload)[1]) == ("tests.invoice", WIRE)


@pytest.mark.parametrize("kwargs", [{"customer": 1}, {"client": 1}, {"customer_id": 1}], ids=str)
def test_what_arrives_and_what_is_called_may_have_either(
    kwargs: dict[str, Any], service: InProcessService, tmp_path: Path
) -> None:
    queued()
    Celery.send_task(app, TASK.own_name, (str(tmp_path),), kwargs, task_id="one")
    Celery.send_task(app, TASK.name, (str(tmp_path), 1), task_id="one")
    first, again = queued()
    assert service.run(TASK, first) == Delivery("SUCCESS", duplicate=False)
    assert service.run(TASK, again) == Delivery("SUCCESS", duplicate=True)
    TASK(str(tmp_path), **kwargs)
    assert count(tmp_path, "1") == 2


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "kwargs", [{"customer": 1, "customer_id": 1}, {"client": 1, "customer": 1}], ids=["present", "former"]
)
def test_both_at_once_are_refused_where_they_are_published_and_where_they_arrive(
    kwargs: dict[str, Any], service: InProcessService
) -> None:
    once = "expected argument customer_id of tests.receipt once, got: two of its names; pass customer_id alone"
    for call in (TASK, TASK.delay, TASK.si):
        with pytest.raises(PayloadError, match=once):
            call("f", **kwargs)
    with pytest.raises(PayloadError, match=once):
        chain(TASK.si("f", 1), TASK.s("f", **kwargs).set(immutable=True)).apply_async()
    queued()
    Celery.send_task(app, "tests.receipt", ("f",), kwargs)
    (message,) = queued()
    assert service.run(TASK, message).state == "FAILURE"
    assert [letter.reason for letter in service.dead_letters()] == [f"PayloadError: {once}"]


@pytest.mark.usefixtures("service")
def test_a_key_is_the_same_by_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TASK.__class__, "key", ("customer_id",))
    for kwargs in (WIRE, NOW, SECOND):
        assert TASK.key_of("id", *TASK.checked((), kwargs, {})) == "tests.invoice:[1]"


def test_a_former_name_beside_a_position_is_refused() -> None:
    with pytest.raises(PayloadError, match="multiple values for argument 'customer_id'"):
        TASK.delay("f", 1, customer=1)


@pytest.mark.parametrize(
    ("former", "message"),
    [
        (["customer"], r"to be a dict of former and present names, got: \['customer'\]; write a dict"),
        ({"folder": "customer_id"}, "to begin with names that its arguments no longer have, got: 'folder'"),
        ({"a customer": "customer_id"}, "to begin with names .* got: 'a customer'"),
        ({"customer": "client_id"}, "to lead to arguments that are passed by name, got: 'client_id' for customer"),
        ({"customer": "others"}, "to lead to arguments that are passed by name, got: 'others'"),
        ({"first": "place"}, "to lead to arguments that are passed by name, got: 'place'"),
    ],
    ids=str,
)
def test_a_former_name_that_could_never_be_meant_stops_the_service(former: Any, message: str) -> None:
    def run(self: ServiceTask, place: int, /, folder: str, customer_id: int, **others: int) -> None:
        raise NotImplementedError

    register: Any = app.task
    task = register(
        base=ServiceTask,
        bind=True,
        shared=False,
        name="tests.planted",
        former_arguments=former,
        work_queue=Queue.SHORT,
        idempotency="lease",
        soft_time_limit=1,
        time_limit=2,
    )(run)
    try:
        with pytest.raises(TaskOptionError, match=f"expected former_arguments of tests.planted {message}"):
            check_values(task, app.service, settings())
    finally:
        app.tasks.pop("tests.planted")
