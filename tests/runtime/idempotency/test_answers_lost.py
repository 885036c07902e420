"""The network swallows an answer: the store has done what was asked, and nobody has heard it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url

from runtime.errors import StoreUnavailable

from .support import Kind


class Swallower:
    """A proxy that, once armed, forwards one request with `marker` in it and cuts the line instead of the answer."""

    def __init__(self, port: int, marker: bytes) -> None:
        self.upstream, self.marker, self.armed, self.swallowed = port, marker, False, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        cut = threading.Event()
        with client, socket.create_connection(("127.0.0.1", self.upstream)) as server:

            def back() -> None:
                while data := _read(server):
                    if cut.is_set():
                        break
                    client.sendall(data)
                _hang_up(client)

            answering = threading.Thread(target=back, daemon=True)
            answering.start()
            while data := _read(client):
                if self.armed and self.marker in data:
                    self.armed = False
                    self.swallowed += 1
                    cut.set()
                server.sendall(data)
            _hang_up(server)
            answering.join(5)


def _read(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65536)
    except OSError:
        return b""


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@contextmanager
def between(kind: Kind, port: int, marker: bytes) -> Iterator[Swallower]:
    """Put the proxy between the store and its server."""
    proxy, url = Swallower(port, marker), kind.url
    kind.url = url.replace(f":{port}", f":{proxy.port}")
    try:
        yield proxy
    finally:
        kind.store.close()
        kind.url = url
        proxy.listener.close()


@pytest.mark.parametrize("mode", ["lease", "at-most-once"])
def test_a_claim_whose_answer_was_lost_is_this_run_s_own(redis: Kind, key: str, mode: str) -> None:
    assert redis.server
    with between(redis, redis.server.port, b"EVALSHA") as proxy:
        redis.run(f"{key}-warm", mode)
        proxy.armed = True
        attempt = redis.run(key, mode)
    assert proxy.swallowed == 1
    assert not attempt.done, "taken for somebody else's, the work would be skipped or wait for nothing"
    assert redis.effects(key) == 1


@pytest.mark.parametrize("ending", [None, KeyError])
def test_an_end_whose_answer_was_lost_is_recorded_once(redis: Kind, key: str, ending: type[Exception] | None) -> None:
    assert redis.server
    with between(redis, redis.server.port, b"EVALSHA") as proxy:
        guard = redis.attempt(key)
        guard.__enter__()
        proxy.armed = True
        assert not (guard.__exit__(ending, ending() if ending else None, None))
    assert proxy.swallowed == 1
    assert redis.state(key) == (None if ending else "done")


def postgresql_port(kind: Kind) -> int:
    return make_url(kind.url).port or 5432


@pytest.mark.parametrize("mode", ["lease", "at-most-once"])
def test_a_claim_in_sql_whose_answer_was_lost_is_this_run_s_own(postgresql: Kind, key: str, mode: str) -> None:
    with between(postgresql, postgresql_port(postgresql), b"INSERT") as proxy:
        postgresql.run(f"{key}-warm", mode)
        proxy.armed = True
        assert not postgresql.run(key, mode).done
    assert proxy.swallowed == 1
    assert postgresql.effects(key) == 1


def test_a_commit_whose_answer_was_lost_is_found_by_the_next_delivery(postgresql: Kind, key: str) -> None:
    with between(postgresql, postgresql_port(postgresql), b"COMMIT") as proxy:
        postgresql.run(f"{key}-warm", "transactional")
        guard = postgresql.attempt(key, "transactional")
        postgresql.effect(guard.__enter__(), key)
        proxy.armed = True
        with pytest.raises(StoreUnavailable):
            guard.__exit__(None, None, None)
        assert proxy.swallowed == 1
        assert postgresql.run(key, "transactional").done
    assert postgresql.effects(key) == 1


def test_a_commit_that_never_arrived_is_made_by_the_next_delivery(postgresql: Kind, key: str) -> None:
    guard = postgresql.attempt(key, "transactional")
    attempt = guard.__enter__()
    postgresql.effect(attempt, key)
    backend = postgresql.execute("SELECT pg_backend_pid()", attempt.session).scalar()
    postgresql.query("SELECT pg_terminate_backend(:pid)", pid=backend)
    with pytest.raises(StoreUnavailable):
        guard.__exit__(None, None, None)
    assert not postgresql.run(key, "transactional").done
    assert postgresql.effects(key) == 1


def test_connections_that_the_server_has_closed_meanwhile_are_not_a_failure(postgresql: Kind, key: str) -> None:
    cut: Callable[[], None] = lambda: postgresql.query(  # noqa: E731
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE application_name = :name AND pid <> pg_backend_pid()",
        name=make_url(postgresql.url).query["application_name"],
    )
    for number, mode in enumerate(("transactional", "lease", "at-most-once")):
        with postgresql.attempt(f"{key}-warm-{number}", "lease"):
            postgresql.run(f"{key}-warm-2-{number}", "lease")
        cut()
        assert not postgresql.run(f"{key}-{number}", mode).done
