"""Every kind of server and of access: work is done and settled, remote control answers, and an idle worker is quiet."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.testing.servers.process import Server, free_port, serving, until
from runtime.testing.servers.redis import fakeredis_command

from .support import CountingProxy, Service, connect, program, redis_server, url_of

USER = "on >secret ~service:* &* +@all -@admin -@dangerous"
SIZE = 40


def check(service: Service, client: Any, prefix: str = "") -> None:
    """Two queues, worked off without a rest by prefork children."""
    service.worker("-c", "2", "-Q", "work,second", pool="prefork")
    for number in range(SIZE):
        service.send("note", f"task{number}", queue="work" if number % 2 else "second")
    until(lambda: len(service.effects()) == SIZE)
    assert set(service.effects().values()) == {1}
    until(lambda: not client.exists(f"{prefix}unacked"))
    assert not client.exists(f"{prefix}unacked_index", f"{prefix}work", f"{prefix}second")
    assert service.pings() == {"w0@test"}
    assert "Traceback" not in service.logs()


def test_a_prefix_for_every_key(redis: Server, make_service: Callable[..., Service]) -> None:
    client = connect(redis)
    check(make_service(url_of(redis), options={"global_keyprefix": "service:"}), client, "service:")
    keys = client.keys()
    assert keys
    assert all(key.startswith(b"service:") for key in keys)


def test_a_user_who_may_see_only_the_keys_of_the_service(redis: Server, make_service: Callable[..., Service]) -> None:
    connect(redis).execute_command("ACL", "SETUSER", "worker", "reset", *USER.split())
    url = url_of(redis).replace("//", "//worker:secret@")
    check(make_service(url, options={"global_keyprefix": "service:"}), connect(redis), "service:")


def test_tls_with_a_certificate_that_is_verified(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    port = free_port()
    arguments = (
        *("--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(certificate)),
    )
    options = {"ssl": True, "ssl_ca_certs": str(certificate)}
    with redis_server(tmp_path / "redis", *arguments, port=port) as server:
        verified = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": str(certificate)}
        check(make_service(f"rediss://127.0.0.1:{port}/0", ssl=verified), connect(server, **options))


@contextmanager
def sentinel_of(master: Server, replica: Server, folder: Path) -> Iterator[Server]:
    """A sentinel that fails over from `master` to `replica` after a second."""
    folder.mkdir()
    configuration = folder / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor main 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds main 1000\n"
        "sentinel failover-timeout main 5000\n"
    )
    port = free_port()
    command = [program("redis-server"), str(configuration), "--sentinel", "--port", str(port), "--bind", "127.0.0.1"]
    with serving(command, port, folder / "log") as watcher:
        watching = connect(watcher)
        until(lambda: watching.sentinel_slaves("main"))
        yield watcher


def test_a_sentinel_and_a_failover(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    with redis_server(tmp_path / "master") as master:
        follow = ("--replicaof", "127.0.0.1", str(master.port))
        with (
            redis_server(tmp_path / "replica", *follow) as replica,
            sentinel_of(master, replica, tmp_path / "sentinel") as watcher,
        ):
            url = f"sentinel://127.0.0.1:{watcher.port}/0"
            service = make_service(url, options={"master_name": "main"})
            check(service, connect(master))
            master.kill()
            watching = connect(watcher)
            until(lambda: watching.sentinel_get_master_addr_by_name("main")[1] == replica.port)
            service.send("note", "after-the-failover")
            until(lambda: service.effects()["after-the-failover"])


@pytest.mark.skipif(shutil.which("valkey-server") is None, reason="expected valkey-server to be on PATH, got: nothing")
def test_valkey(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    with redis_server(tmp_path / "valkey", binary="valkey-server") as server:
        check(make_service(url_of(server)), connect(server))


def test_fakeredis_whose_blmove_does_not_wait(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    port = free_port()
    with serving(fakeredis_command(port), port, tmp_path / "log") as fakeredis:
        proxy = CountingProxy(port)
        check(make_service(f"redis://127.0.0.1:{proxy.port}/0"), connect(fakeredis))
        assert requests_while_idle(proxy, seconds=2) <= 2 * 40
        proxy.close()


@pytest.mark.slow
def test_a_server_without_blmove(tmp_path: Path, make_service: Callable[..., Service]) -> None:
    with redis_server(tmp_path / "old", "--rename-command", "BLMOVE", "") as server:
        proxy = CountingProxy(server.port)
        check(make_service(f"redis://127.0.0.1:{proxy.port}/0"), connect(server))
        assert requests_while_idle(proxy, seconds=2) <= 2 * 40
        proxy.close()


@pytest.mark.parametrize(("queues", "a_second"), [("work", 10), ("work,second,third", 30)])
def test_an_idle_worker_is_quiet(
    queues: str, a_second: int, redis: Server, make_service: Callable[..., Service]
) -> None:
    proxy = CountingProxy(redis.port)
    service = make_service(f"redis://127.0.0.1:{proxy.port}/0", options={"priority_steps": [0]})
    service.worker("-Q", queues)
    service.send("note", "done")
    until(lambda: service.effects()["done"])
    assert requests_while_idle(proxy, seconds=2) <= 2 * a_second
    proxy.close()


def requests_while_idle(proxy: CountingProxy, seconds: float) -> int:
    """What an idle worker sends: at the least something, since it has to look."""
    before = proxy.requests
    time.sleep(seconds)
    sent = proxy.requests - before
    assert sent
    return sent
