"""The short form of `make chaos`: some hundred tasks on each broker, while everything that may die is killed."""

import os
import shutil
from pathlib import Path

import pytest

from .chaos.runs import Configuration, attack
from .postgresql import postgresql

PLACES = os.pathsep.join([os.environ["PATH"], "/usr/lib/rabbitmq/bin", "/usr/sbin", "/opt/homebrew/sbin"])


@pytest.mark.long
@pytest.mark.parametrize(
    ("configuration", "modes"),
    [
        (Configuration("redis", "redis"), {"lease", "at-most-once"}),
        (Configuration("redis", "postgresql"), {"transactional", "lease", "at-most-once"}),
        (Configuration("rabbitmq", "postgresql"), {"transactional", "lease", "at-most-once"}),
    ],
    ids=["redis-redis", "redis-sql", "rabbitmq-sql"],
)
def test_a_service_keeps_its_promises_while_it_is_killed(
    configuration: Configuration, modes: set[str], tmp_path: Path
) -> None:
    server = f"{configuration.broker}-server"
    if not shutil.which(server, path=PLACES):
        if os.environ.get("CI"):
            pytest.fail(f"expected {server} to be installed, got: none; install it")
        pytest.skip(f"no {server} is installed")
    with postgresql() as url:
        store = url if configuration.store == "postgresql" else ""
        outcomes = attack(configuration, tmp_path / "service", tasks=60, every=25, seed=1, store=store)
    assert {outcome.mode for outcome in outcomes} == modes
    assert all(min(outcome.children, outcome.mains, outcome.brokers) > 0 for outcome in outcomes)
    lost = {outcome.mode: outcome.lost for outcome in outcomes}
    repeated = {outcome.mode: outcome.repeated for outcome in outcomes}
    assert {lost[mode] for mode in modes - {"at-most-once"}} == {0}
    assert {repeated[mode] for mode in modes - {"lease"}} == {0}
