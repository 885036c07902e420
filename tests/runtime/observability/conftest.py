"""A collector, a Sentry, and workers that send to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker
from runtime.testing.processes import Console

from ..conftest import TRACED
from .endpoints import Collector, SentryEndpoint, collector, sentry_endpoint


@pytest.fixture
def collected() -> Iterator[Collector]:
    """A collector."""
    with collector() as running:
        yield running


@pytest.fixture
def sentry() -> Iterator[SentryEndpoint]:
    """A Sentry."""
    with sentry_endpoint() as running:
        yield running


@pytest.fixture
def traced(services: dict[str, str], collected: Collector) -> dict[str, str]:
    """The environment of a service that traces."""
    return {
        **services,
        **TRACED,
        "RUNTIME_OBSERVE": "traces",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collected.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }


@pytest.fixture
def start(traced: dict[str, str], workers: Any, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts a worker that traces, with further variables, and beside it a console that does."""
    workers.stop()
    with ExitStack() as stack:

        def started(**variables: object) -> Worker:
            env = {**traced, **{name: str(value) for name, value in variables.items()}}
            worker = stack.enter_context(Worker(env, tmp_path, stack.enter_context(Console(env))))
            stack.callback(worker.kill)
            return worker

        yield started
