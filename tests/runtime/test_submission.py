"""A task is published once for the id that its caller chose: at once, or with the commit of a transaction."""

import uuid
from typing import Any

import pytest
from sqlalchemy.orm import Session

from runtime import KeyConflict, PayloadError, outbox, submit, task_status
from runtime.idempotency.sql.database import engine_of
from runtime.settings import settings
from runtime.submission import Submission
from runtime.testing import InProcessService

from .service.calls import relay
from .service.tasks.effects import effect

ARGUMENTS = {"name": "one", "folder": "/nowhere"}


@pytest.fixture(autouse=True)
def _empty(service: InProcessService) -> None:
    """Nothing is known of any id."""


def test_a_commit_submits_once_and_a_rollback_nothing() -> None:
    task_id = uuid.uuid4().hex
    with Session(engine_of(settings().idempotency_url)) as session:
        outbox.submit(session, effect, ARGUMENTS, task_id)
        session.rollback()
    assert task_status(effect, task_id).published is False
    for _ in range(2):
        with outbox.session() as session:
            assert outbox.submit(session, effect, ARGUMENTS, task_id) == task_id
    assert task_status(effect, task_id).state == "waiting"
    assert relay() == 1
    assert task_status(effect, task_id).state == "waiting"


def test_the_same_request_twice_at_once_is_one_and_both_are_told_so() -> None:
    first, second = (Submission.new(effect, ARGUMENTS, "twice") for _ in range(2))
    assert first.recorded()
    assert second.recorded()
    first.publish()
    assert task_status(effect, "twice").state == "waiting"
    second.publish()
    assert not Submission.new(effect, ARGUMENTS, "twice").recorded()
    assert task_status(effect, "twice").state == "waiting"


def test_an_id_that_stands_for_another_call_is_refused_and_the_transaction_goes_on() -> None:
    submit(effect, ARGUMENTS, "taken")
    with outbox.session() as session:
        with pytest.raises(KeyConflict, match="expected the id taken to stand for one call"):
            outbox.submit(session, effect, {**ARGUMENTS, "name": "two"}, "taken")
        other = outbox.submit(session, effect, ARGUMENTS)
    assert task_status(effect, other).state == "waiting"


@pytest.mark.parametrize("arguments", [{"name": 1, "folder": ""}, {"name": "one"}, {**ARGUMENTS, "other": 1}])
def test_what_the_task_refuses_is_not_recorded(arguments: dict[str, Any]) -> None:
    with pytest.raises(PayloadError):
        submit(effect, arguments, "wrong")
    with outbox.session() as session, pytest.raises(PayloadError):
        outbox.submit(session, effect, arguments, "wrong")
    assert submit(effect, ARGUMENTS, "wrong") == "wrong"


def test_the_form_of_an_argument_is_no_other_call() -> None:
    """What was submitted is compared as it is published."""
    submit(effect, ARGUMENTS, "same")
    submit(effect, dict(reversed(ARGUMENTS.items())), "same")
