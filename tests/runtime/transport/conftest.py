"""A private Redis, and the service on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.testing.servers.process import Server

from .support import Service, connect, redis_server, url_of


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Redis for most tests."""
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(shared_server: Server) -> Server:
    """The shared Redis, emptied."""
    connect(shared_server).flushall()
    return shared_server


@pytest.fixture
def client(redis: Server) -> Any:
    """A client of the shared Redis."""
    return connect(redis)


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Services whose processes end with the test."""
    made: list[Service] = []

    def make(broker: str, **options: Any) -> Service:
        made.append(Service(tmp_path / f"service{len(made)}", broker, **options))
        return made[-1]

    yield make
    for service in made:
        service.stop()


@pytest.fixture
def service(redis: Server, make_service: Callable[..., Service]) -> Service:
    """A service with atomic delivery on the shared Redis."""
    return make_service(url_of(redis))
