"""RabbitMQ closes the channel of a consumer that holds a message for too long: the worker runs what it has and ends."""

from pathlib import Path

import pytest

from runtime.testing import Worker
from runtime.testing.fixtures import OUTSIDE, started, with_variables
from runtime.testing.processes import Console

from .conftest import BROKER, VARIABLES
from .service.calls import publish
from .test_health import BOUND, LIMIT, faults, live, ready
from .test_health import VARIABLES as LIMITS


@pytest.mark.slow
def test_a_worker_that_rabbitmq_has_cut_off_is_deaf_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-rabbit consumer_timeout 3000 -rabbit channel_tick_interval 1000"
    )
    schemes = {BROKER: "amqp", "RUNTIME_IDEMPOTENCY_URL": "redis", "RUNTIME_RESULT_URL": "redis"}
    with started(tmp_path, schemes, {**OUTSIDE, **VARIABLES}) as environment:
        env = with_variables(environment, LIMITS)
        with Console(env) as console, Worker(env, tmp_path, console) as worker:
            worker.wait(lambda: ready(worker))
            worker.call(publish, "tests.waits", str(tmp_path), "long", 45)
            worker.wait(lambda: worker.lines("PRECONDITION_FAILED"), 30)
            worker.wait(lambda: len(faults(worker)) == 2, BOUND)
            worker.wait(lambda: not live(worker), LIMIT + BOUND)
            (tmp_path / "go").touch()
            worker.process.wait(30)
