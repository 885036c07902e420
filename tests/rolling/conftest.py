"""Two releases of one service on one broker and one store."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from runtime.testing.servers import Unavailable, running
from tests.postgresql import postgresql
from tests.real_redis import require_redis
from tests.update.histories import earlier

from .releases import Release, render_release

SCHEMES = {"redis": ("redis", "redis"), "rabbitmq": ("amqp", "postgresql")}
"""By broker, the URL schemes of broker and store."""

Both = tuple[Release, Release]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, str]]]:
    """The URLs of private servers, by broker; the store of `rabbitmq` is SQL."""
    with ExitStack() as stack:
        started: dict[str, dict[str, str]] = {}

        def start(broker: str) -> dict[str, str]:
            if broker == "redis":
                require_redis()
            if broker not in started:
                variables = dict(zip(("SHOP_BROKER_URL", "SHOP_IDEMPOTENCY_URL"), SCHEMES[broker], strict=True))
                sql = stack.enter_context(postgresql()) if broker == "rabbitmq" else ""
                environ = {"SHOP_IDEMPOTENCY_URL": sql}
                folder = tmp_path_factory.mktemp(broker)
                started[broker] = stack.enter_context(running(folder, variables, environ))
            return started[broker]

        yield start


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The folder of a service, by release and broker."""

    @cache
    def rendered(release: str, broker: str) -> Path:
        answers = {"broker": broker, "idempotency_store": SCHEMES[broker][1]}
        return render_release(release, answers, tmp_path_factory.mktemp("release"))

    return rendered


@pytest.fixture
def rolling(
    servers: Callable[[str], dict[str, str]], rendered: Callable[[str, str], Path], tmp_path: Path
) -> Callable[[str, str], Both]:
    """The services of an earlier release and of the working tree, `rolling(broker, "0.2.0")`."""

    def make(broker: str, release: str) -> Both:
        if release not in earlier():
            pytest.skip(f"expected the commit of release {release} in git's history, got: none; clone all of it")
        try:
            urls = servers(broker)
        except Unavailable as unavailable:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(unavailable))
        old, new = (Release(name, rendered(name, broker), tmp_path, urls) for name in (release, "tree"))
        return old, new

    return make
