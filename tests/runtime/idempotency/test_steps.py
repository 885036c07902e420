"""The single steps of a store: each may be sent twice, none may touch what another claim holds."""

from dataclasses import replace
from typing import Any

import pytest
from redis.connection import Connection

from runtime.errors import Busy, KeyConflict
from runtime.idempotency.claim import Claim, State

from .support import Interrupted, Kind


@pytest.fixture
def claim(key: str) -> Claim:
    return new(key)


def new(key: str, owner: str = "task-1", payload: str = "payload") -> Claim:
    return Claim.new(key, owner, payload, 30.0, 60.0)


@pytest.mark.parametrize("state", ["held", "done"])
def test_a_claim_that_is_sent_twice_is_taken_twice(kind: Kind, claim: Claim, state: State) -> None:
    assert kind.store.acquire(claim, state, 30.0) is None
    assert kind.store.acquire(claim, state, 30.0) is None
    assert kind.state(claim.key) == state


def test_a_completion_that_is_sent_twice_is_recorded_twice(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.complete(claim, "1")
    kind.store.complete(claim, "1")
    assert kind.run(claim.key).result == 1


def test_a_release_that_is_sent_twice_does_not_free_the_next_claim(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.release(claim)
    kind.store.acquire(new(claim.key), "held", 30.0)
    kind.store.release(claim)
    assert kind.state(claim.key) == "held"


def test_a_suspension_that_is_sent_twice_does_not_suspend_the_next_claim(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    kind.store.suspend(claim)
    kind.store.suspend(claim)
    assert kind.state(claim.key) == "suspended"
    kind.store.acquire(new(claim.key), "held", 30.0)
    kind.store.suspend(claim)
    assert kind.state(claim.key) == "held"


@pytest.mark.parametrize("end", ["complete", "suspend", "release", "taken over"])
def test_a_renewal_that_comes_late_changes_nothing(kind: Kind, claim: Claim, end: str) -> None:
    kind.store.acquire(claim, "held", 30.0)
    assert kind.store.renew(claim)
    if end == "complete":
        kind.store.complete(claim, None)
    elif end == "suspend":
        kind.store.suspend(claim)
    elif end == "release":
        kind.store.release(claim)
    else:
        kind.expire(claim.key)
        kind.store.acquire(new(claim.key), "held", 30.0)
    before = kind.state(claim.key)
    assert not kind.store.renew(claim)
    assert kind.state(claim.key) == before


def test_the_token_is_new_for_each_attempt_of_the_same_task(kind: Kind, claim: Claim) -> None:
    kind.store.acquire(claim, "held", 30.0)
    with pytest.raises(Busy):
        kind.store.acquire(new(claim.key), "held", 30.0)


@pytest.mark.parametrize("mode", ["lease", "at-most-once"])
def test_a_claim_that_was_taken_when_a_signal_struck_is_given_back(
    kind: Kind, key: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = type(kind.store).acquire

    def struck(*arguments: Any) -> None:
        acquire(*arguments)
        raise Interrupted

    monkeypatch.setattr(type(kind.store), "acquire", struck)
    with pytest.raises(Interrupted), kind.attempt(key, mode):
        pytest.fail("it was interrupted before it began")
    assert kind.state(key) is None


def test_an_answer_that_a_signal_left_unread_is_not_taken_for_the_next(
    redis: Kind, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, fresh = f"{key}-done", f"{key}-fresh"
    redis.run(done)

    def struck(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        raise Interrupted

    with redis.redis() as client:
        client.execute_command("CLIENT", "PAUSE", "300", "ALL")  # the answer comes when the next request has been sent
    monkeypatch.setattr(Connection, "read_response", struck)
    with pytest.raises(Interrupted), redis.attempt(done):
        pytest.fail("it was done, and nobody has heard it")
    assert not redis.run(fresh).done
    assert redis.effects(fresh) == 1


def of_earlier_release(claim: Claim) -> Claim:
    """Its tokens say nothing of the payload."""
    return replace(claim, token=claim.token[:32])


@pytest.mark.parametrize("state", ["held", "done"])
def test_another_version_of_the_task_takes_the_same_message_for_the_same(
    kind: Kind, claim: Claim, state: State
) -> None:
    given = '{"a":1}'
    old = Claim.new(claim.key, "task-1", '{"a":1,"b":0}', 30.0, 60.0, given)
    new = Claim.new(claim.key, "task-1", '{"a":1,"b":0,"c":0}', 30.0, 60.0, given)
    for first, second in ((old, new), (new, old)):
        kind.store.acquire(first, state, 30.0)
        if state == "held":
            with pytest.raises(Busy):
                kind.store.acquire(second, state, 30.0)
        else:
            found = kind.store.acquire(second, state, 30.0)
            assert found
            assert found.done
        with pytest.raises(KeyConflict):
            kind.store.acquire(Claim.new(claim.key, "task-1", '{"a":1,"b":1}', 30.0, 60.0), state, 30.0)
        kind.store.release(first)


def test_so_does_an_earlier_release_and_one_after_it(kind: Kind, claim: Claim) -> None:
    fresh = [Claim.new(claim.key, "task-1", '{"a":1,"b":0}', 30.0, 60.0, given) for given in ('{"a":1}', '{"b":0}')]
    for first, second in ((of_earlier_release(fresh[0]), fresh[1]), (fresh[0], of_earlier_release(fresh[1])), fresh):
        kind.store.acquire(first, "done", 30.0)
        found = kind.store.acquire(second, "done", 30.0)
        assert found
        assert found.done
        kind.store.release(first)
    kind.store.acquire(of_earlier_release(claim), "done", 30.0)
    with pytest.raises(KeyConflict):
        kind.store.acquire(new(claim.key, payload="other"), "done", 30.0)
