"""A database that drops its connections is a transient error, and never a letter of a task that goes on."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from runtime.testing import Worker

from .combinations import on
from .proxy import Proxy
from .service.calls import dead_reasons, publish

pytestmark = on("redis-sql", "rabbitmq-sql")


@pytest.fixture
def way(services: dict[str, str]) -> Iterator[Proxy]:
    """The way to the database."""
    if not services["RUNTIME_IDEMPOTENCY_URL"].startswith("postgresql"):
        pytest.skip("the PostgreSQL at ASYNCGEN_POSTGRESQL_URL is needed")
    with Proxy(services["RUNTIME_IDEMPOTENCY_URL"]) as proxy:
        yield proxy


def terminate(url: str, application: str) -> None:
    """End the sessions of an application on the server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [application]
        )


@pytest.mark.parametrize("cause", ["network", "server"])
def test_a_lost_connection_makes_no_letter(
    new_worker: Callable[..., Worker], services: dict[str, str], way: Proxy, tmp_path: Path, cause: str
) -> None:
    url = services["RUNTIME_IDEMPOTENCY_URL"]
    application = f"lost_{uuid4().hex[:8]}"  # the connections of other tests stay
    worker = new_worker(IDEMPOTENCY_URL=re.sub("application_name=[^&]*", f"application_name={application}", way.url))
    ids = {}
    for how in ("retry", "use", "catch", "end"):
        ids[how] = worker.call(publish, "tests.transaction", str(tmp_path), how, how)
        worker.wait((tmp_path / f"{how}.started").exists)
        if cause == "network":
            way.drop()
        else:
            terminate(url, application)
        (tmp_path / f"{how}.cut").touch()
        # Until the next connection is cut, its commit has to be made.
        worker.wait(partial(worker.lines, '"done"', ids[how]))
    for how, task_id in ids.items():
        assert worker.call(dead_reasons, task_id) == []
        # Its one commit; a line in a file, which no transaction holds, may be there twice.
        assert (how, len(worker.lines('"done"', task_id))) == (how, 1)
