"""The waits that `asyncgen show task` computes from options are those that Celery asks for in a service."""

import ast
from typing import Any

import pytest
from celery.exceptions import Retry

from asyncgen.tasks.base_class import options_of_class
from asyncgen.tasks.retries import Wait, retries_of
from runtime.loading import load
from runtime.task import ServiceTask

from .conftest import APP
from .service.queues import Queue

DEFAULTS = options_of_class("ServiceTask", ast.Module([], []))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_retries": 9},
        {"max_retries": 3, "retry_backoff": True},
        {"max_retries": 8, "retry_backoff": 2.5, "retry_backoff_max": 100},
        {"max_retries": 4, "retry_jitter": False},
        {"max_retries": 3, "retry_backoff": 0.2, "retry_backoff_max": 0},
        {"max_retries": 2, "retry_backoff": False},
        {"max_retries": 2, "retry_backoff": 0, "default_retry_delay": 7},
        {"retry_kwargs": {"max_retries": 1, "countdown": 12}},
        {"retry_backoff": False, "retry_kwargs": {"max_retries": 2, "countdown": 12}},
        {"max_retries": 0},
    ],
    ids=str,
)
def test_the_waits_are_those_of_the_runtime(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, published: Any
) -> None:
    written = {name: ast.parse(repr(value), mode="eval").body for name, value in options.items()}
    errors = {"autoretry_for": ast.parse("(ConnectionError,)", mode="eval").body}
    told = retries_of(DEFAULTS | errors | written, "redis")
    assert not told.unknown
    waits: list[tuple[float, float]] = []
    while (wait := asked(options, len(waits), monkeypatch)) is not None:
        waits.append(wait)
    assert told.waits == tuple(Wait(number, *wait) for number, wait in enumerate(waits, 1))
    assert told.waiting == (sum(low for low, _ in waits), sum(high for _, high in waits))


def asked(options: dict[str, Any], retries: int, monkeypatch: pytest.MonkeyPatch) -> tuple[float, float] | None:
    """The shortest and the longest wait after as many retries; None where the error is for good."""
    found: list[float] = []
    for drawn in (lambda stop: 0, lambda stop: stop - 1):
        monkeypatch.setattr("random.randrange", drawn)
        try:
            failing(options, retries)
        except ConnectionError:
            return None
        except Retry as retry:
            found.append(float(retry.when))  # type: ignore[arg-type]  # seconds, as nothing has an eta
    shortest, longest = found
    return shortest, longest


def failing(options: dict[str, Any], retries: int) -> None:
    """A run of a task with these options that fails, as a worker has it."""
    app = load(APP)

    def run(self: ServiceTask) -> None:
        raise ConnectionError

    task: Any = app._task_from_fun(
        run,
        name=f"waits.{options}",
        base=ServiceTask,
        bind=True,
        work_queue=Queue.SHORT,
        idempotency="natural",
        autoretry_for=(ConnectionError,),
        **options,
    )
    task.push_request(id="1", retries=retries, args=(), kwargs={}, called_directly=False, delivery_info={})
    try:
        task.run()
    finally:
        task.pop_request()
        app.tasks.pop(task.name)


def test_rabbitmq_rounds_short_delays_up() -> None:
    from runtime.brokers.rabbitmq.delays import SHORTEST_DELAY

    options = DEFAULTS | {
        "autoretry_for": ast.parse("(OSError,)", mode="eval").body,
        "retry_backoff": ast.Constant(False),
        "default_retry_delay": ast.Constant(0.25),
        "max_retries": ast.Constant(1),
    }
    assert retries_of(options, "rabbitmq").waits == (Wait(1, SHORTEST_DELAY, SHORTEST_DELAY),)
    assert retries_of(options, "redis").waits == (Wait(1, 0.25, 0.25),)
