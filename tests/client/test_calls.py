"""Calls of a client: what is sent has the form of the service's own messages, and what is wrong is never sent."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import chain

from runtime.contract import digest

from .contracts import contract


@pytest.fixture
def published(shop_client: Any, request: pytest.FixtureRequest) -> Any:
    """The fixture that the client brings for its users."""
    from importlib import import_module

    testing = import_module("shop_client.testing")
    return testing.published.__wrapped__(request.getfixturevalue("monkeypatch"))


def test_arguments_travel_under_their_names_in_messages(shop_client: Any, published: Any) -> None:
    sent = shop_client.send_receipt.delay(7, points=[(1, 2)], date=date(2026, 1, 31))
    app = shop_client.default.app
    assert app.message("send_receipt", {"customer_id": 7, "points": [(1, 2)], "amount": 3}, ()) == (
        [],
        {"customer": 7, "points": [[1.0, 2.0]], "amount": 3.0},
    )
    assert app.message("odd", {"first": 1, "more": 2}, ("a", "b")) == ([1, "a", "b"], {"more": 2})
    assert published(shop_client.send_receipt) == [
        {"customer_id": 7, "points": [[1.0, 2.0]], "date": date(2026, 1, 31)}
    ]
    assert published(shop_client.odd) == []
    (call,) = published
    assert (call.id, call.task, call.queue, call.eta) == (
        sent.id,
        "shop.tasks.send_receipt.send_receipt",
        "default",
        None,
    )


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
def test_options_and_ids_are_kept(shop_client: Any, published: Any) -> None:
    assert shop_client.send_receipt.apply_async({"customer_id": 1}, countdown=9, task_id="mine").id == "mine"
    shop_client.odd.apply_async(kwargs={"first": 1, "x": 2}, expires=60)
    signature = shop_client.odd.signature(1, "a")
    signature.apply_async(task_id="later")
    assert shop_client.publish_many([signature, shop_client.ping.signature()]) == []
    assert "task_id" not in signature.options
    chain(shop_client.odd.signature(2), shop_client.odd.signature(3)).apply_async()
    assert published(shop_client.send_receipt) == [{"customer_id": 1}]
    assert published(shop_client.odd) == [
        {"first": 1, "x": 2},
        {"first": 1, "args": ("a",)},
        {"first": 1, "args": ("a",)},
        {"first": 2},
    ]
    assert [each.task.rpartition(".")[2] for each in published] == ["send_receipt", *["odd"] * 3, "ping", "odd"]
    assert published[0].eta - datetime.now(UTC) < timedelta(seconds=9)
    assert published[1].eta is None
    assert published[2].id == "later"


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "text": (lambda c: c.send_receipt.delay("1"), "to be integer, got: '1' of type str"),
    "a bool": (lambda c: c.send_receipt.delay(True), "to be integer, got: True of type bool"),
    "a float": (lambda c: c.send_receipt.delay(1.0), "to be integer, got: 1.0 of type float"),
    "nothing": (lambda c: c.send_receipt.delay(), "missing a required argument: 'customer_id'"),
    "a former name": (lambda c: c.send_receipt.delay(customer=1), "missing a required argument: 'customer_id'"),
    "too many": (lambda c: c.ping.delay(1), "got: too many positional arguments"),
    "by name, nothing": (
        lambda c: c.send_receipt.apply_async({}),
        "customer_id of shop.tasks.send_receipt.send_receipt",
    ),
    "by name, a former name": (
        lambda c: c.send_receipt.apply_async({"customer": 1}),
        "got: customer; correct the call",
    ),
    "a tuple": (lambda c: c.send_receipt.apply_async((1,)), "by name, got: (1,); pass a dict, or call delay"),
    "an enum's float": (
        lambda c: c.send_receipt.delay(1, kind=1.0),
        "to be one of 'a', 'b\\'\"', 1, True, None, got: 1.0",
    ),
    "deep inside": (lambda c: c.send_receipt.delay(1, points=[(1, "2")]), "('2' is not of type 'number')"),
    "a date as text": (lambda c: c.send_receipt.delay(1, date="2026-01-31"), "to be date or null, got: '2026-01-31'"),
    "a datetime": (lambda c: c.send_receipt.delay(1, date=datetime(2026, 1, 1)), "to be date or null"),
    "an object": (lambda c: c.send_receipt.delay(object()), "to be a key or a primitive, got: builtins.object"),
    "bytes": (lambda c: c.send_receipt.delay(1, note=b"x"), "pass the key under which the bytes are stored"),
    "too large": (lambda c: c.send_receipt.delay(1, note="x" * 70_000), "to take at most 65536 bytes as JSON"),
    "too deep": (lambda c: c.odd.delay(1, nested(200)), "to be nested at most 100 levels deep"),
    "too late": (lambda c: c.send_receipt.apply_async({"customer_id": 1}, countdown=1e10), "to be at most 31536000 s"),
    "much too late": (
        lambda c: c.send_receipt.apply_async({"customer_id": 1}, eta=datetime(9999, 1, 1)),
        "to be at most 31536000 s",
    ),
    "an option": (lambda c: c.send_receipt.apply_async({"customer_id": 1}, countdwn=1), "unexpected keyword"),
    "an empty id": (lambda c: c.send_receipt.apply_async({"customer_id": 1}, task_id=""), "to be 1 to 255 printable"),
    "an odd id": (lambda c: c.send_receipt.apply_async({"customer_id": 1}, task_id="a\n"), "to be 1 to 255 printable"),
    "by position": (lambda c: c.odd.delay(1, 2), "argument by position of shop.tasks.odd.odd to be string, got: 2"),
    "further names": (lambda c: c.odd.delay(1, x="y"), "argument x of shop.tasks.odd.odd to be integer, got: 'y'"),
    "a signature": (lambda c: c.send_receipt.signature("1"), "to be integer, got: '1'"),
    "one of many": (
        lambda c: c.publish_many([c.send_receipt.signature(1), broken(c.send_receipt.signature(1))]),
        "to be integer, got: 'x'",
    ),
    "one of many, too late": (
        lambda c: c.publish_many([c.ping.signature(), c.ping.signature().set(countdown=1e10)]),
        "to be at most 31536000 s",
    ),
    "a task, no signature": (lambda c: c.publish_many([c.ping]), "expected the signatures of tasks, got: "),
    "a workflow": (
        lambda c: c.publish_many([chain(c.ping.signature(), c.ping.signature())]),
        "of one task, got: a chain",
    ),
    "a changed signature": (lambda c: broken(c.send_receipt.signature(1)).apply_async(), "to be integer, got: 'x'"),
    "an unknown name": (lambda c: c.default.app.send_task("shop.tasks.x"), "a task of the contract of shop, got: shop"),
}


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


def broken(signature: Any) -> Any:
    signature.kwargs["customer"] = "x"
    return signature


@pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("call", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    shop_client: Any, published: Any, call: Callable[[Any], Any], sentence: str
) -> None:
    with pytest.raises(TypeError) as refused:
        call(shop_client)
    assert sentence in str(refused.value)
    assert isinstance(refused.value, shop_client.PayloadError) or sentence == "unexpected keyword"
    assert published == []


@pytest.mark.usefixtures("published")
def test_a_former_name_and_a_deprecated_task_warn_where_they_are_called(shop_client: Any) -> None:
    with pytest.warns(DeprecationWarning, match="send_invoice is deprecated: it is called send_receipt now") as first:
        shop_client.send_invoice.delay(1)
    with pytest.warns(DeprecationWarning, match='ping is deprecated: use "send_receipt"') as second:
        shop_client.ping.signature()
    assert {Path(each.filename).name for each in (*first, *second)} == {Path(__file__).name}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shop_client.send_receipt.delay(1)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "expected SHOP_BROKER_URL to be set, got: nothing; set it to the broker of shop, such as amqp://USER"),
        (
            {"BROKER_URL": "redis://:secret@h:1/0"},
            "to begin with amqp:// or amqps:// or pyamqp://, such as amqp://USER",
        ),
        ({"BROKER_URL": "amqp://h"}, "to name a host and a port, which are never guessed"),
        ({"BROKER_URL": "amqp://h:1//", "NAMESPACE": "A-b"}, "expected SHOP_NAMESPACE to be up to 30 lowercase"),
        (
            {"BROKER_URL": "amqp://h:1//", "PUBLISH_TIMEOUT": "soon"},
            "expected SHOP_PUBLISH_TIMEOUT to be a number above 0",
        ),
        (
            {"BROKER_URL": "amqp://h:1//", "MAX_DELAY": "-1"},
            "expected SHOP_MAX_DELAY to be a number above 0, got: '-1'",
        ),
        (
            {"BROKER_URL": "amqp://h:1//", "ATTEMPT_TIMEOUT": "inf"},
            "expected SHOP_ATTEMPT_TIMEOUT to be a number above 0",
        ),
    ],
)
def test_the_environment_is_read_at_the_first_call_and_what_is_wrong_is_one_sentence(
    shop_client: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name in [name for name in os.environ if name.startswith("SHOP_")]:
        monkeypatch.delenv(name)
    task = shop_client.send_receipt.on(shop_client.Client())
    for name, value in variables.items():
        monkeypatch.setenv(f"SHOP_{name}", value)
    with pytest.raises(shop_client.ConfigurationError) as refused:
        task.delay(1)
    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_client_of_its_own_broker_and_namespace(shop_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = shop_client.Client("memory://", "blue")
    app = client.app
    (queue,) = app.conf.task_queues
    assert (queue.name, queue.routing_key, queue.exchange.name) == (
        "blue.shop.default",
        "blue.shop.default",
        "blue.shop",
    )
    assert queue.queue_arguments == {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": "blue.shop.dead",
        "x-dead-letter-routing-key": "blue.shop.default.dead",
    }
    assert shop_client.send_receipt.on(client).signature(1).app is app
    monkeypatch.setenv("SHOP_DELIVERY_LIMIT", "9")
    (queue,) = shop_client.Client("memory://").app.conf.task_queues
    assert (queue.name, queue.queue_arguments["x-delivery-limit"]) == ("shop.default", 9)
    with pytest.raises(shop_client.ConfigurationError, match="expected broker_url to begin with amqp://"):
        shop_client.Client("http://x:1").app  # noqa: B018  # makes it


def test_the_digest_is_the_one_that_workers_know(shop_client: Any) -> None:
    assert shop_client.default.contract.digest == digest(contract())


def test_it_stays_out_of_the_way_of_other_applications(client_folder: Path) -> None:
    """In a process of its own, where the variables of another application and Django's settings are set."""
    code = """
import celery, kombu.pools, shop_client
from celery import Celery, shared_task
mine = Celery("mine", broker="memory://", broker_pool_limit=3)
mine.set_default()
mine.pool
@shared_task(name="shop.tasks.ping.ping")
def ping(): pass
app = shop_client.Client("amqp://u:p@127.0.0.1:1//").app
sent = shop_client.Client("memory://")
shop_client.odd.on(sent).delay(1)
connection = app.connection_for_write()
print(celery.current_app.main, connection.port, kombu.pools.get_limit(), type(app.backend).__name__, app.tasks)
"""
    environ = {
        **os.environ,
        "PYTHONPATH": str(client_folder / "src"),
        "CELERY_BROKER_URL": "redis://127.0.0.1:2/0",
        "CELERY_RESULT_BACKEND": "redis://127.0.0.1:3/0",
        "DJANGO_SETTINGS_MODULE": "no_such_module",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert done.stdout == "mine 1 3 DisabledBackend {}\n", done.stderr
