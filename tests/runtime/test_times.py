"""The chain of times follows from the queue table."""

from {{ package }} import broker
from {{ package }}.queue_class import QueueClass
from {{ package }}.queues import Queue
from {{ package }}.settings import settings
from {{ package }}.times import MARGIN, grace_period, longest_run, shutdown_cap

SHORT, LONG = QueueClass("short", longest_run=10), QueueClass("long", longest_run=1000)


def test_what_follows_from_the_table() -> None:
    assert longest_run([SHORT, LONG]) == 1000
    assert shutdown_cap([SHORT, LONG], 3600) == 1000 + MARGIN
    assert shutdown_cap([SHORT, LONG], 60) == 60
    assert grace_period([SHORT], 3600) == 10 + 2 * MARGIN


def test_the_table_itself_is_sound() -> None:
    broker.check_times(settings(), [queue.value for queue in Queue])
    names = [queue.value.name for queue in Queue]
    assert len(names) == len(set(names))
