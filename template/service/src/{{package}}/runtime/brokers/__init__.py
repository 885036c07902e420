"""What differs between brokers: one class for each, chosen in `app.py`. `redis` and `rabbitmq` implement it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from celery import Celery
from celery.app.amqp import AMQP
from kombu import Queue

from ..diagnostics import Finding
from ..queues import QueueClass
from ..sending import BatchPublisher
from ..settings import Settings

__all__ = [
    "DEAD_LETTER_HEADER",
    "DELIVERY_COUNT",
    "UNDECODABLE",
    "Broker",
    "DeadLetterQueue",
    "Finding",
    "QueueFigures",
    "deaths_of",
]

DEAD_LETTER_HEADER = "dead_letter"
"""What the service adds to the original message: the reason, the traceback, the attempts and the time of death."""

DELIVERY_COUNT = "x-delivery-count"
"""The header in which a broker counts how often a message was redelivered."""

UNDECODABLE = "undecodable"
"""The header, alone, of a message whose properties the client could not decode; its value says why."""


def deaths_of(headers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What dead-letter exchanges have noted in the header `x-death`, the last death first."""
    noted = headers.get("x-death")
    return [event for event in noted if isinstance(event, Mapping)] if isinstance(noted, list) else []


@dataclass(frozen=True)
class QueueFigures:
    """What a queue holds, when the broker was asked. None: it cannot be known."""

    queue: str
    """Its name in the queue table."""
    waiting: int
    """Messages that no worker has taken yet."""
    in_work: int | None
    """Messages that a worker has and has not acknowledged: those that run, were prefetched, or wait for their eta."""
    oldest: float | None
    """Seconds since the message that is next was published; 0 where none waits."""
    dead: int
    """Its dead letters."""
    consumers: int | None
    """Workers that would get a message of it."""


class DeadLetterQueue(Protocol):
    """The dead letters of one queue that were there when it was opened, oldest first."""

    def __iter__(self) -> Iterator[Any]:
        """The messages, as kombu's Message."""

    def remove(self, message: Any) -> None:
        """Delete this very message."""


class Broker(ABC):
    """One kind of broker. Its methods declare and connect nothing unless they say so."""

    errors: ClassVar[tuple[type[BaseException], ...]]
    """What publishing may raise when the broker is away, does not answer, or says no."""

    schemes: ClassVar[tuple[str, ...]]
    """Of the URLs that lead to it."""

    amqp_class: ClassVar[type[AMQP]] = AMQP
    """Celery's `amqp_cls`."""

    longest_silence: float
    """Seconds after which a connection of a worker over which nothing more was heard is dead."""

    shortest_delay: ClassVar[float] = 0.0
    """Seconds; a shorter `countdown` is rounded up to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def publishing_options(self) -> dict[str, Any]:
        """kombu's transport options of the connections that publish, beside those of all connections."""

    @abstractmethod
    def celery_settings(self, queues: Iterable[QueueClass]) -> dict[str, Any]:
        """Celery's settings for this broker; raises ConfigurationError where the timeout budget does not fit."""

    @abstractmethod
    def task_queues(self, queues: Iterable[QueueClass]) -> list[Queue]:
        """Celery's `task_queues`."""

    @abstractmethod
    def dead_letter_queue(self, queue: QueueClass) -> Queue:
        """The queue of a queue's dead letters, to declare and to publish to."""

    @abstractmethod
    def dead_letters(self, app: Celery, queue: QueueClass) -> AbstractContextManager[DeadLetterQueue]:
        """Connect, and open a queue's dead letters for reading."""

    @abstractmethod
    def batch(self, connection: Any, on_result: Callable[[str, str], None]) -> AbstractContextManager[BatchPublisher]:
        """Publish many messages over `connection`.

        on_result: called with a task's id, and with why the broker does not have it, or an empty string if it has.
        """

    @abstractmethod
    def consumes(self, channel: Any, queue: str, tag: str) -> bool:
        """Whether the client knows of a consumer with this tag on a queue of this name on the wire. Asks nobody."""

    @abstractmethod
    def heard(self, channel: Any) -> Hashable | None:
        """What changes whenever the server has sent something to a worker; None while it owes nothing. Asks nobody."""

    @abstractmethod
    def wants_consumer(self, connection: Any, queue: str) -> bool:
        """Ask the server whether messages wait in a queue, or nobody consumes from it. Raises one of `errors`."""

    @abstractmethod
    def queue_figures(self, app: Celery, queues: Sequence[QueueClass]) -> list[QueueFigures]:
        """Connect, and count what each of the queues holds, in their order. Raises `errors`. Nothing is delivered."""

    @abstractmethod
    def memory_ratio(self, app: Celery) -> float | None:
        """Connect, and tell how much of its own limit of memory the server uses; None: it has or tells none."""

    @abstractmethod
    def diagnose(self, app: Celery, queues: Sequence[QueueClass]) -> Iterator[Finding]:
        """Connect, and compare the server's own settings with what the service relies on."""

    @abstractmethod
    def beat_arguments(self, app: Celery) -> list[str]:
        """The command line of `celery beat`, which also configures `app` for it."""
