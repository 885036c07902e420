"""`--breaker`: what it renders and records, and where it is refused. What a circuit does is tested in the service."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .commands import asyncgen, inside, tree

FILE = "src/shop/tasks/charge_card.py"


@pytest.fixture(scope="module")
def with_redis(make: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service whose one Redis keeps the keys."""
    return make(tmp_path_factory.mktemp("redis"), broker="rabbitmq")


def test_the_task_names_its_circuit_and_is_taken_away_again(with_redis: Path) -> None:
    with inside(with_redis):
        before = tree(with_redis)
        ran = asyncgen("add-task", "charge_card", "--breaker", "payments")
        assert (ran.code, ran.err) == (0, "")
        assert "\n             through the circuit payments, which all workers share\n" in ran.out
        text = (with_redis / FILE).read_text()
        assert '    time_limit=30,\n    breaker="payments",\n)\n' in text
        assert "\n    Through the circuit payments, which all workers share: runs are retried while it is open." in text
        rows = {row["task"]: row["breaker"] for row in json.loads(asyncgen("tasks", "--json").out)}
        assert rows == {"charge_card": "payments", "send_welcome": None}
        assert asyncgen("remove-task", "charge_card").code == 0
        assert tree(with_redis) == before


def test_a_file_of_tasks_may_name_circuits(with_redis: Path) -> None:
    with inside(with_redis):
        tasks = "charge_card: {breaker: payments}\nsend_mail: {breaker: Mail}\n"
        ran = asyncgen("add-task", "--from", "-", "--dry-run", stdin=tasks.replace("Mail", "mail"))
        assert (ran.code, ran.err) == (0, "")
        ran = asyncgen("add-task", "--from", "-", stdin=tasks)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("asyncgen: send_mail: expected --breaker to name what the task calls in at most 30 ")
        assert not (with_redis / FILE).exists()


def test_a_service_without_redis_has_no_circuits(service: Path) -> None:
    before = tree(service)
    ran = asyncgen("add-task", "charge_card", "--breaker", "payments")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "asyncgen: expected a broker or keys in Redis, where workers share a circuit, got: --breaker payments without "
        "one; give the task a queue of its own, by asyncgen add-queue with a small --concurrency, and a --rate-limit\n"
    )
    assert tree(service) == before
    assert "pybreaker" not in (service / "pyproject.toml").read_text()


def test_an_update_that_would_take_redis_away_is_refused(with_redis: Path) -> None:
    with inside(with_redis):
        assert asyncgen("add-task", "charge_card", "--breaker", "payments").code == 0
        ran = asyncgen("update", "-d", "idempotency_store=postgresql")
        assert ran.code != 0
        assert "charge_card with a breaker, which needs a Redis" in ran.err
        assert asyncgen("remove-task", "charge_card").code == 0
