"""A worker is killed in the middle of its work; another one carries on, and every effect is there."""

from collections import Counter
from collections.abc import Callable

from myservice.runtime.testing import Effects, Worker

NUMBER = 40


def test_a_killed_worker_loses_nothing(new_worker: Callable[..., Worker], effects: Effects) -> None:
    worker = new_worker()
    effects.publish(NUMBER)
    worker.wait(lambda: len(effects.seen()) >= NUMBER // 4)
    worker.kill()
    new_worker().wait(lambda: len(set(effects.seen())) == NUMBER)
    repeated = sum(Counter(effects.seen()).values()) - NUMBER
    assert repeated <= effects.window, "a killed process may repeat the one effect that it had not recorded"
