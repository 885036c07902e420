"""The short form of `make chaos`: some hundred tasks on each broker, while everything that may die is killed.

`make test` takes each broker with one store; `make test-all` Redis with PostgreSQL, too.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.testing.servers import Unavailable
from tests.postgresql import postgresql
from tests.real_redis import require_redis

from .runs import Configuration, Outcome, attack

MODES = {
    Configuration("redis", "redis"): {"lease", "at-most-once"},
    Configuration("redis", "postgresql"): {"transactional", "lease", "at-most-once"},
    Configuration("rabbitmq", "postgresql"): {"transactional", "lease", "at-most-once"},
}


def attack_briefly(configuration: Configuration, folder: Path) -> list[Outcome]:
    with postgresql() as url:
        store = url if configuration.store == "postgresql" else ""
        return attack(configuration, folder, tasks=60, every=25, seed=1, store=store)


EACH_BROKER = [Configuration("redis", "redis"), Configuration("rabbitmq", "postgresql")]
REST = [each for each in MODES if each not in EACH_BROKER]


@pytest.mark.long
@pytest.mark.parametrize("several", [EACH_BROKER, pytest.param(REST, marks=pytest.mark.slow)], ids=str)
def test_services_keep_their_promises_while_they_are_killed(several: list[Configuration], tmp_path: Path) -> None:
    """All at the same time: most of it is waiting for repeats that must not come."""
    require_redis()
    with ThreadPoolExecutor() as pool:
        attacks = {
            each: pool.submit(attack_briefly, each, tmp_path / str(number)) for number, each in enumerate(several)
        }
    missing = [error for future in attacks.values() if isinstance(error := future.exception(), Unavailable)]
    if missing and os.environ.get("CI"):
        raise missing[0]
    for configuration, future in attacks.items():
        if future.exception() in missing:
            continue
        rows = future.result()
        assert {row.mode for row in rows} == MODES[configuration]
        assert all(min(row.children, row.mains, row.brokers) > 0 for row in rows)
        assert {row.lost for row in rows if row.mode != "at-most-once"} == {0}
        assert {row.repeated for row in rows if row.mode != "lease"} == {0}
    if missing:
        pytest.skip(f"all but: {missing[0]}")
