"""What holds for `send_welcome`, whatever its work is. Replace what is marked "yours"."""

from typing import Any

import pytest

import myservice.tasks.send_welcome as module

TASK: Any = module.send_welcome

# Yours: arguments that the work accepts. The data that it reads goes into a fixture here that uses `service`.
ARGUMENTS: list[Any] = [1]


def test_the_work_is_done(service: Any) -> None:
    assert service.deliver(TASK, *ARGUMENTS).state == "SUCCESS"
    # Yours: assert the effect that the work has.


def test_two_deliveries_of_one_key_have_one_effect(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(module, "work", lambda task, *arguments: calls.append(task.idempotency_key))
    service.deliver(TASK, *ARGUMENTS, task_id="first")
    repeat = service.deliver(TASK, *ARGUMENTS, task_id="second")
    assert repeat.duplicate
    assert len(calls) == 1


def test_the_arguments_survive_json(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(module, "work", lambda task, *arguments: seen.extend(arguments))
    service.deliver(TASK, *ARGUMENTS)
    assert seen == ARGUMENTS
    assert [type(value) for value in seen] == [type(value) for value in ARGUMENTS]


@pytest.mark.parametrize("error", TASK.autoretry_for)
def test_a_transient_error_is_retried(service: Any, monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fails(*arguments: object) -> None:
        raise service.planted(error)

    monkeypatch.setattr(module, "work", fails)
    assert service.deliver(TASK, *ARGUMENTS).state == "RETRY"
    assert service.dead_letters() == []


def test_an_error_for_good_becomes_a_dead_letter(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise service.planted(Exception)

    monkeypatch.setattr(module, "work", fails)
    assert service.deliver(TASK, *ARGUMENTS, task_id="fails").state == "FAILURE"
    assert [(letter.task, letter.id) for letter in service.dead_letters()] == [(TASK.name, "fails")]


def test_the_limits_fit_the_queue() -> None:
    assert 0 < TASK.soft_time_limit < TASK.time_limit <= TASK.work_queue.value.max_runtime


# asyncgen: unknown sha256:92f0b8334909ea9574c3ab64ac443dee1ad6ad707eb92656e88e2612fe416377
