"""One transaction holds a task's effect, its key and the tasks that follow from it."""

import uuid

import pytest
from celery import chain, signature
from sqlalchemy.orm import Session

from runtime import PayloadError
from runtime.idempotency.sql import SqlStore
from runtime.idempotency.sql.database import OUTBOX, engine_of
from runtime.outbox import publish
from runtime.relay import OutboxMessage, Relay, backlog
from runtime.settings import settings
from runtime.testing import InProcessService


@pytest.fixture
def url(service: InProcessService) -> str:
    """The URL of the store, which `service` has emptied."""
    return settings().require("idempotency_url")


def test_a_task_s_follow_up_is_sent_once_and_only_if_it_commits(url: str) -> None:
    sent: list[OutboxMessage] = []
    key = str(uuid.uuid4())

    def deliver(fail: bool) -> None:
        with SqlStore.open(url).attempt("transactional", key=key, owner="task-1", fingerprint="") as attempt:
            if attempt.session:
                publish(attempt.session, "next.task", [key], countdown=60)
                if fail:
                    raise KeyError

    with pytest.raises(KeyError):
        deliver(fail=True)
    deliver(fail=False)
    deliver(fail=False)
    assert Relay(url, sent.append).drain() == 1
    assert (sent[0].task, sent[0].args, list(sent[0].options)) == ("next.task", [key], ["eta"])


def test_what_cannot_be_sent_waits_and_keeps_its_id(url: str) -> None:
    def send(message: OutboxMessage) -> None:
        raise ConnectionError("away")

    with Session(engine_of(url)) as session:
        task_id = publish(session, "next.task")
        session.commit()
    assert Relay(url, send).drain() == 0
    left = backlog(url)
    assert (left.waiting, left.failing, left.error) == (1, 1, "ConnectionError('away')")
    with engine_of(url).connect() as connection:
        assert connection.exec_driver_sql(f"SELECT id FROM {OUTBOX}").scalar() == task_id


def test_a_workflow_is_no_task(url: str) -> None:
    with Session(engine_of(url)) as session, pytest.raises(PayloadError, match="got: a chain; start it as a workflow"):
        publish(session, chain(signature("one"), signature("two")))


def test_what_may_not_travel_is_refused_at_once(url: str) -> None:
    with Session(engine_of(url)) as session, pytest.raises(PayloadError):
        publish(session, "next.task", [object()])
