"""The queue table's lines, and the timeout budget that follows from them."""

from dataclasses import replace
from typing import Any

import pytest

from runtime import QueueClass
from runtime.queues import grace_period, max_runtime, shutdown_cap
from runtime.settings import settings
from runtime.worker import arguments, concurrency

from .service.queues import Queue

SHORT, LONG = QueueClass("short", max_runtime=10), QueueClass("long", max_runtime=1000)


def test_what_follows_from_the_table() -> None:
    limited = settings().model_copy(update={"shutdown_limit": 60})
    margin = settings().margin
    assert max_runtime([SHORT, LONG]) == 1000
    assert shutdown_cap([SHORT, LONG], settings()) == 1000 + margin
    assert shutdown_cap([SHORT, LONG], limited) == 60
    assert grace_period([SHORT], settings()) == 10 + 2 * margin
    assert grace_period([LONG], limited) == 60 + margin


def test_the_smallest_concurrency_is_that_of_a_worker_on_all_queues() -> None:
    assert concurrency([SHORT, replace(SHORT, concurrency=8), replace(LONG, concurrency=4)]) == 4
    assert concurrency([SHORT, LONG]) is None


def test_the_former_name_of_max_runtime_is_accepted() -> None:
    former = QueueClass("short", longest_run=10, prefetch=4, concurrency=2, pool="threads")
    assert former == QueueClass("short", max_runtime=10, prefetch=4, concurrency=2, pool="threads")
    assert former == QueueClass("short", 10, 4, 2, "threads")
    assert (former.max_runtime, former.longest_run) == (10, 10)
    assert replace(former, pool="prefork").longest_run == 10


@pytest.mark.parametrize("given", [{}, {"max_runtime": 10, "longest_run": 10}], ids=["never", "twice"])
def test_max_runtime_is_given_once(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="expected max_runtime of queue short to be given once"):
        QueueClass("short", **given)


def test_names_on_the_broker_carry_the_service_s_name() -> None:
    assert (SHORT.wire_name, SHORT.dead_name) == ("runtime.short", "runtime.short.dead")


@pytest.mark.parametrize(
    ("queues", "pool", "concurrency"),
    [
        ([SHORT, LONG], "prefork", None),
        ([replace(SHORT, concurrency=8), replace(LONG, concurrency=2)], "prefork", "2"),
        ([replace(SHORT, pool="threads")], "threads", None),
        ([replace(SHORT, pool="threads"), LONG], "prefork", None),
    ],
    ids=["cores", "the smallest concurrency", "threads", "the most careful pool"],
)
def test_a_worker_is_started_as_its_queues_say(queues: list[QueueClass], pool: str, concurrency: str | None) -> None:
    called = arguments(queues)
    assert called[called.index("--queues") + 1] == ",".join(queue.wire_name for queue in queues)
    assert called[called.index("--pool") + 1] == pool
    assert (called[called.index("--concurrency") + 1] if "--concurrency" in called else None) == concurrency


def test_the_table_of_these_tests_is_sound() -> None:
    names = [queue.value.name for queue in Queue]
    assert len(names) == len(set(names))
