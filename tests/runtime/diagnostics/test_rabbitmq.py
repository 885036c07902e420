"""A RabbitMQ with one wrong thing each. Without the management plugin a part of it is unknown."""

import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from kombu import Connection, Exchange, Queue
from kombu.transport.native_delayed_delivery import declare_native_delayed_delivery_exchanges_and_queues

from runtime import QueueClass
from runtime.brokers.rabbitmq import RabbitmqBroker, diagnostics
from runtime.brokers.rabbitmq.publishing import publishing_options
from runtime.diagnostics import Finding
from runtime.settings import settings
from runtime.testing.servers import rabbitmq as servers
from runtime.testing.servers.process import free_port
from runtime.testing.servers.process import until as polled

from ..combinations import on
from ..conftest import BROKER
from . import faults

QUEUES = [QueueClass("doctor_a", 60), QueueClass("doctor_b", 10)]
CONF = "consumer_timeout = 1800000\n"
until = functools.partial(polled, interval=0.5)

UNASKED = {"rabbitmq policies", "rabbitmq memory"}
"""What is unknown without the management plugin."""


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a service, with the server's file."""
    (tmp_path / "rabbitmq.conf").write_text(CONF)
    monkeypatch.chdir(tmp_path)


def found(url: str) -> dict[str, Finding]:
    conf = SimpleNamespace(broker_native_delayed_delivery_queue_type="quorum")
    options = publishing_options(2)
    app: Any = SimpleNamespace(conf=conf, connection_for_write=lambda: Connection(url, transport_options=options))
    return faults(RabbitmqBroker(settings()).diagnose(app, QUEUES))


def declared(url: str, *entities: Any) -> None:
    with Connection(url) as connection:
        for entity in entities:
            entity(connection.default_channel).declare()


@pytest.fixture
def url(services: dict[str, str]) -> Iterator[str]:
    """The server of the tests with workers, whose exchanges are as they have to be."""
    url = services[BROKER]
    yield url
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        for queue in QUEUES:
            channel.queue_delete(queue.wire_name)
            channel.queue_delete(queue.dead_name)


def broker_queues() -> list[Queue]:
    broker = RabbitmqBroker(settings())
    return [*broker.task_queues(QUEUES), *map(broker.dead_letter_queue, QUEUES)]


@on("rabbitmq-sql")
def test_queues_that_were_declared_otherwise_are_found_and_nothing_is_declared(url: str) -> None:
    assert set(found(url)) == UNASKED
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        with pytest.raises(connection.channel_errors, match="NOT_FOUND"):
            channel.queue_declare(QUEUES[0].wire_name, passive=True)
    a, b, dead_a, _ = broker_queues()
    declared(url, a, dead_a)
    assert set(found(url)) == UNASKED
    declared(
        url,
        Queue(b.name, b.exchange, b.routing_key, queue_arguments={**(b.queue_arguments or {}), "x-delivery-limit": 77}),
    )
    finding = found(url)["rabbitmq queues"]
    assert not finding.ok
    assert "inequivalent arg 'x-delivery-limit'" in finding.detail
    assert "current is '77'" in finding.detail or "current is the value '77'" in finding.detail
    assert f"delete_queue {b.name} " in finding.fix


@on("rabbitmq-sql")
def test_what_only_the_management_plugin_tells_is_unknown_without_it(
    url: str, set_variables: Callable[..., None]
) -> None:
    unset = found(url)
    why = "could not be asked (RUNTIME_RABBITMQ_MANAGEMENT_URL is not set); expected "
    assert all(unset[subject].detail.startswith(why) for subject in UNASKED)
    for wrong in (f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{urlsplit(url).port}"):  # nobody; AMQP
        set_variables(RABBITMQ_MANAGEMENT_URL=wrong)
        away = found(url)
        assert set(away) == UNASKED
        assert all(finding.ok and "not set" not in finding.detail for finding in away.values())


@on("rabbitmq-sql")
def test_a_server_that_is_too_old_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnostics, "OLDEST", (99, 0))
    assert set(found(url)) == {"rabbitmq version", *UNASKED}


@on("rabbitmq-sql")
def test_the_consumer_timeout_is_compared_with_the_file_that_the_server_gets(
    url: str, tmp_path: Path, set_variables: Callable[..., None]
) -> None:
    set_variables(CONSUMER_TIMEOUT=2000)
    finding = found(url)["rabbitmq.conf"]
    assert "expected consumer_timeout = 2000000" in finding.detail
    name, _, value = finding.fix.partition("=")
    assert name == "RUNTIME_CONSUMER_TIMEOUT"
    set_variables(CONSUMER_TIMEOUT=value)
    assert set(found(url)) == UNASKED
    set_variables(CONSUMER_TIMEOUT=70)
    (tmp_path / "rabbitmq.conf").write_text("consumer_timeout = 70000\n")
    assert "70 s, above the largest max_runtime and a margin, 70 s" in found(url)["consumer timeout"].detail
    set_variables()
    (tmp_path / "rabbitmq.conf").unlink()
    assert found(url)["rabbitmq.conf"].unknown


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("rabbitmq-server"), reason="rabbitmq-server is not on PATH")
def test_with_the_management_plugin_each_fault_is_found_alone(
    tmp_path: Path, set_variables: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with servers.started(tmp_path, management_port=port) as url:
        set_variables(RABBITMQ_MANAGEMENT_URL=f"http://guest:guest@127.0.0.1:{port}")
        number = urlsplit(url).port
        path = f"/usr/lib/rabbitmq/bin{os.pathsep}{os.environ['PATH']}"
        env = {"HOME": str(tmp_path / "rabbitmq"), "RABBITMQ_NODENAME": f"dev{number}@localhost", "PATH": path}

        def shell(command: str) -> None:
            subprocess.run(command, shell=True, check=True, capture_output=True, env=env)

        def alone(subject: str) -> Finding:
            seen = until(lambda: found(url))
            assert set(seen) == {subject}
            assert not seen[subject].ok
            return seen[subject]

        until(lambda: not found(url))
        declared(url, *broker_queues())

        shell("""rabbitmqctl set_policy limits '[.]doctor_a$' '{"message-ttl": 60000, "max-length": 5}'""")
        finding = alone("rabbitmq policies")
        assert "limit runtime.doctor_a, got: max-length 5, message-ttl 60000" in finding.detail
        shell(finding.fix)
        until(lambda: not found(url))
        shell("""rabbitmqctl set_operator_policy limits '[.]dead$' '{"expires": 60000}'""")
        shell(alone("rabbitmq policies").fix)
        until(lambda: not found(url))

        shell("rabbitmqctl set_vm_memory_high_watermark absolute 1000000")
        until(lambda: set(found(url)) == {"rabbitmq alarm", "rabbitmq memory"})
        seen = found(url)
        assert "connection blocked" in seen["rabbitmq alarm"].detail
        shell(seen["rabbitmq memory"].fix)
        until(lambda: not found(url))

        with Connection(url) as connection:
            channel: Any = connection.default_channel
            channel.exchange_delete("runtime")
        declared(url, Exchange("runtime", type="direct"))
        assert "exchange runtime" in alone("rabbitmq exchanges").detail
        with Connection(url) as connection:
            channel = connection.default_channel
            channel.exchange_delete("runtime")
            declare_native_delayed_delivery_exchanges_and_queues(connection, "classic")
        assert "'x-queue-type' for queue 'celery_delayed_27'" in alone("rabbitmq delays").detail
        with Connection(url) as connection:
            channel = connection.default_channel
            for level in range(28):
                channel.queue_delete(f"celery_delayed_{level}")
            declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
        until(lambda: not found(url))

        real = time.time
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: real() + 60)
            assert "behind it" in alone("rabbitmq clock").detail

        shell("rabbitmqctl add_user limited secret && rabbitmqctl set_permissions limited '.*' '.*' '.*'")
        set_variables(RABBITMQ_MANAGEMENT_URL=f"http://limited:secret@127.0.0.1:{port}")
        refused = found(url)
        assert set(refused) == UNASKED
        assert all("the user needs the tag monitoring" in finding.detail for finding in refused.values())
        shell("rabbitmqctl set_user_tags limited monitoring")
        assert found(url) == {}
