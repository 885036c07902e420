"""Whether what the service relies on is there and set up as it has to be: asked, never assumed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import server
from .errors import ServiceError
from .idempotency import open_store
from .queues import Queue
from .settings import PREFIX, settings

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, and what was seen or what to change."""

    subject: str
    well: bool
    says: str


def examine() -> Iterator[Finding]:
    """Look at the tasks, the broker and the idempotency store; nothing is changed."""
    yield _asked("tasks", _tasks)
    broker = _asked("broker", _broker)
    yield broker
    if broker.well:
        for subject, well, says in server.findings(settings(), [queue.value for queue in Queue]):
            yield Finding(subject, well, says)
    yield _asked("idempotency store", _store)


def _asked(subject: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, question())
    except (ServiceError, OSError, *server.BROKER_ERRORS) as error:
        return Finding(subject, False, str(error) or type(error).__name__)


def _tasks() -> str:
    from .app import app, service_tasks

    return f"{len(service_tasks(app))} found, each with limits that fit its queue"


def _broker() -> str:
    from .app import app

    settings().require("broker_url")
    with app.connection_for_write() as connection:
        connection.connect()
        return f"answers at {connection.as_uri()}"


def _store() -> str:
    open_store(settings().require("idempotency_url")).ping()
    return f"answers at {PREFIX}IDEMPOTENCY_URL"
