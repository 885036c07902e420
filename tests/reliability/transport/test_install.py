"""How the transport gets its place in kombu, and when it refuses to."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from .support import TRANSPORT, transport

PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("transport", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["transport"] = module
spec.loader.exec_module(module)
from kombu import Connection
before = Connection("redis://localhost").get_transport_cls()
module.install()
from transport import transports
for url in ("redis://a:1/0;redis://b:2/0", "rediss://a:1/0", "sentinel://a:1/0;sentinel://b:2/0"):
    connection = Connection(url)
    kind = transports.SentinelTransport if url.startswith("sentinel") else transports.Transport
    assert connection.get_transport_cls() is kind, url
    if connection.alt:
        connection.switch(connection.alt[1])
        assert connection.get_transport_cls() is kind, url
assert Connection("rediss://a:1/0").ssl
assert Connection("amqp://").get_transport_cls().driver_type == "amqp"
"""


def test_every_url_of_redis_uses_it_also_after_a_failover(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, str(TRANSPORT / "__init__.py")], check=True)


def test_another_kombu_is_refused_with_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"expected kombu to be 5\.7\.x, .* got: 5\.8\.0; install 'kombu==5\.7\.\*'"):
        transport().check_kombu("5.8.0")
    for other in ("4.7.1", "5.70.0", "6.0.0", "15.7.0"):
        with pytest.raises(RuntimeError):
            transport().check_kombu(other)


def test_the_installed_kombu_is_the_one_it_was_written_for() -> None:
    transport().check_kombu(version("kombu"))
    transport().check_kombu("5.7.12")


def test_its_public_interface() -> None:
    assert transport().__all__ == ["install"]
