"""The brokers and stores on which tests with a worker run."""

from dataclasses import dataclass

import pytest

__all__ = ["COMBINATIONS", "EVERYWHERE", "Combination", "each_broker", "on"]


@dataclass(frozen=True)
class Combination:
    """What a service is put together with. `broker`: redis or rabbitmq; `store`, also of results: redis or sql."""

    broker: str
    store: str

    def __str__(self) -> str:
        return f"{self.broker}-{self.store}"

    @property
    def group(self) -> str:
        """The tests that one process of pytest-xdist runs: RabbitMQ takes ten seconds to start, Redis none."""
        return self.broker if self.broker == "rabbitmq" else str(self)


COMBINATIONS = [Combination(broker, store) for broker in ("redis", "rabbitmq") for store in ("redis", "sql")]


def on(*names: str, slow: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Run on these alone, such as "redis-sql", and in `make test-all` on those in `slow`, too."""
    return pytest.mark.on([each for each in COMBINATIONS if str(each) in names + slow], slow)


each_broker = on("redis-redis", "rabbitmq-sql")
"""Run with each broker and with each store, but not on every combination of them."""

EVERYWHERE = on("redis-redis", "rabbitmq-sql", slow=("redis-sql", "rabbitmq-redis"))
"""Run on all, of which `make test` takes each broker and each store."""
