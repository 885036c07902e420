"""A worker that cannot see that it is deaf asks its broker, and connects anew; without a loop that turns it is dead."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.testing import Worker

from .combinations import on
from .service.calls import publish, send_unchecked
from .test_health import BOUND, LIMIT, VARIABLES, faults, live, ready


class Faulty(Worker):
    """A worker that loses its first messages."""

    module = f"{__package__}.service.faulty"


@pytest.fixture
def faulty(new_worker: Callable[..., Worker]) -> Worker:
    """A worker that loses its first messages, with short limits."""
    return new_worker(Faulty, **VARIABLES)


@on("redis-redis", slow=("rabbitmq-sql",))
def test_messages_that_wait_for_an_idle_worker_make_it_connect_anew(faulty: Worker, tmp_path: Path) -> None:
    faulty.wait(lambda: ready(faulty))
    for number in range(3):
        faulty.call(publish, "tests.waits", str(tmp_path), str(number), 0)
    faulty.wait(lambda: faults(faulty) == ["it gets no messages from queue long"], BOUND)
    faulty.wait(lambda: len(list(tmp_path.glob("*.ended"))) == 3, BOUND)
    faulty.wait(lambda: ready(faulty), BOUND)

    faulty.call(send_unchecked, "tests.blocks", [], "blocks")
    faulty.wait(lambda: faults(faulty) == ["its loop stands still"], BOUND)
    faulty.wait(lambda: not live(faulty), LIMIT + BOUND)
