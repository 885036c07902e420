"""How the transport gets its place in kombu, and when it refuses to."""

from importlib.metadata import version

import kombu.transport
import pytest
from kombu import Connection
from kombu.transport import redis as kombu_redis

from runtime.brokers.redis import transport
from runtime.brokers.redis.transport.transports import SentinelTransport, Transport


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("redis://a:1/0;redis://b:2/0", Transport),
        ("rediss://a:1/0", Transport),
        ("sentinel://a:1/0;sentinel://b:2/0", SentinelTransport),
    ],
)
def test_every_url_of_redis_uses_it_also_after_a_failover(
    url: str, kind: type[Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    stock = {"redis": "kombu.transport.redis:Transport", "rediss": "kombu.transport.redis:Transport"}
    stock["sentinel"] = "kombu.transport.redis:SentinelTransport"
    monkeypatch.setattr(kombu.transport, "TRANSPORT_ALIASES", kombu.transport.TRANSPORT_ALIASES | stock)
    monkeypatch.setattr(kombu.transport, "_transport_cache", {})
    before = Connection(url).get_transport_cls()
    assert before in (kombu_redis.Transport, kombu_redis.SentinelTransport)
    transport.install()
    connection = Connection(url)
    assert connection.get_transport_cls() is kind
    for other in connection.alt[1:]:
        connection.switch(other)
        assert connection.get_transport_cls() is kind
    assert Connection("rediss://a:1/0").ssl
    assert Connection("amqp://").get_transport_cls().driver_type == "amqp"


def test_another_kombu_is_refused_with_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"expected kombu to be 5\.7\.x, .* got: 5\.8\.0; install 'kombu==5\.7\.\*'"):
        transport.check_kombu("5.8.0")
    for other in ("4.7.1", "5.70.0", "6.0.0", "15.7.0"):
        with pytest.raises(RuntimeError):
            transport.check_kombu(other)


def test_the_installed_kombu_is_the_one_it_was_written_for() -> None:
    transport.check_kombu(version("kombu"))
    transport.check_kombu("5.7.12")


def test_its_public_interface() -> None:
    assert transport.__all__ == ["install"]
