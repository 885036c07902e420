"""Every way in which Celery's Request can end keeps a letter, but for a success, a retry, a duplicate and an expiry."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from billiard.exceptions import Terminated
from celery.exceptions import Ignore, InvalidTaskError, Reject, Retry, TaskRevokedError, WorkerLostError
from celery.worker.request import Request, create_request_cls  # type: ignore[attr-defined]  # not in the stubs

from runtime import task
from runtime.settings import settings
from runtime.testing.delivery import InProcessService
from runtime.worker.envelope import check_request
from runtime.worker.request import ServiceRequest

from .service.app import app
from .service.tasks.noted import noted


class Pool:
    """What a request is handed to; it takes nothing."""

    def apply_async(self, *args: Any, **options: Any) -> None:
        """Raise what a pool raises that cannot encode a request."""
        raise RecursionError("maximum recursion depth exceeded")

    def terminate_job(self, pid: Any, signal: Any) -> None:
        """Kill nothing."""


def failed(error: BaseException, internal: bool = False) -> ExceptionInfo:
    try:
        raise error
    except BaseException:
        return ExceptionInfo(internal=internal)


def raised(error: BaseException, internal: bool = False) -> Callable[[Any], None]:
    """The tracer has caught it."""
    return lambda request: request.on_success((1, failed(error, internal), 0.1))


def broke(error: BaseException) -> Callable[[Any], None]:
    """The tracer has not."""
    return lambda request: request.on_failure(failed(error))


def terminate(request: Any) -> None:
    request.on_accepted(1, 0.0)
    request.terminate(Pool())


def fail_to_account(request: Any) -> None:
    request.name = []  # what counts tasks by name raises
    request.on_accepted(1, 0.0)


def hand_over(request: Any) -> None:
    with pytest.raises(TaskRevokedError):
        request.execute_using_pool(Pool())


NOTHING, LETTER, REQUEUED = ("ack", 0), ("ack", 1), ("requeue", 0)

ENDS: dict[str, tuple[Callable[[Any], Any], tuple[str, int]]] = {
    # on_success
    "success": (lambda request: request.on_success((0, "None", 0.1)), NOTHING),
    # on_success, then on_failure: the tracer has reported it; a task's own error has left its letter in the child
    "an error of the task": (raised(ValueError("no")), NOTHING),
    "an error outside the task": (raised(AttributeError("no"), internal=True), LETTER),
    "a retry": (raised(Retry()), NOTHING),
    "ignored, deferred or a duplicate": (raised(Ignore(), internal=True), NOTHING),
    "rejected": (raised(Reject("no"), internal=True), LETTER),
    "rejected and requeued": (raised(Reject("no", requeue=True), internal=True), REQUEUED),
    # on_failure: the tracer has not reported it
    "an undecodable body in the child": (broke(TypeError("no")), LETTER),
    "out of memory": (broke(MemoryError()), REQUEUED),
    "a lost process, the last attempt": (broke(WorkerLostError("no")), LETTER),
    "an exit": (broke(SystemExit(1)), LETTER),
    "terminated from outside": (broke(Terminated("SIGTERM")), LETTER),
    # on_timeout
    "a soft limit": (lambda request: request.on_timeout(True, 1), ("", 0)),
    "a hard limit": (lambda request: request.on_timeout(False, 1), LETTER),
    # on_accepted, execute_using_pool
    "an error while it is counted": (fail_to_account, LETTER),
    "a pool that cannot take it": (hand_over, LETTER),
    # terminate, _announce_revoked
    "terminated": (terminate, LETTER),
    "revoked": (lambda request: request._announce_revoked("revoked", False, None, False), LETTER),
    "expired": (lambda request: request._announce_revoked("expired", False, None, True), NOTHING),
    # reject, acknowledge
    "rejected by the strategy": (lambda request: request.reject(requeue=False), LETTER),
    "acknowledged": (lambda request: request.acknowledge(), NOTHING),
    # cancel, which leaves the message to its redelivery
    "cancelled": (lambda request: request.cancel(Pool()), ("", 0)),
}


def make(ends: list[str], **headers: Any) -> Any:
    """A request as the worker's strategy makes it, for a run that has no retries left."""
    kind = create_request_cls(ServiceRequest, noted, Pool(), "here", None, app=app)
    message: Any = app.amqp.create_task_message("id", noted.name, ["mark", "/nowhere"], {}, retries=5)
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        body, content_type, encoding = app.connection().Producer()._prepare(message.body, "json")
        raw = channel.prepare_message(body, 0, content_type, encoding, {**message.headers, **headers}, {})
        raw["properties"].update(delivery_info={"exchange": "", "routing_key": "x"}, delivery_tag="1")
        return kind(
            channel.Message(raw, channel=channel),
            task=noted,
            app=app,
            on_ack=lambda *_: ends.append("ack"),
            on_reject=lambda log, errors, requeue: ends.append("requeue" if requeue else "reject"),
        )


@pytest.mark.parametrize("end", ENDS)
def test_an_end_that_is_no_success_and_no_retry_keeps_a_letter(service: InProcessService, end: str) -> None:
    act, (settled, letters) = ENDS[end]
    seen: list[str] = []
    act(make(seen))
    assert seen == [settled] * bool(settled)
    assert len(service.dead_letters()) == letters


def test_what_has_expired_is_kept_if_the_service_says_so(
    service: InProcessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    seen: list[str] = []
    assert make(seen, expires=expired).revoked()
    assert service.dead_letters() == []
    monkeypatch.setitem(vars(settings()), "keep_expired", True)
    assert make(seen, expires=expired).revoked()
    (letter,) = service.dead_letters()
    assert letter.reason == f"TaskRevokedError: expired: {expired}"
    assert seen == ["ack", "ack"]


@pytest.mark.parametrize(
    "limit",
    ["9999-12-31T23:59:59+00:00", (datetime.now(UTC) + timedelta(days=400)).isoformat()],
    ids=["in the year 9999", "in 400 days"],
)
def test_a_delay_beyond_the_longest_is_refused(limit: str) -> None:
    with pytest.raises(InvalidTaskError, match=r"expected eta to be at most 31536000 s away \(RUNTIME_MAX_DELAY\)"):
        make([], eta=limit)


def test_the_table_knows_each_method_of_celery_s_request_that_ends_a_delivery() -> None:
    """A release of Celery that adds one has to be read."""
    ending = set()
    for cls in (Request, create_request_cls):
        for function in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls)))):
            if isinstance(function, ast.FunctionDef):
                called = {each.attr for each in ast.walk(function) if isinstance(each, ast.Attribute)}
                if called & {"acknowledge", "reject", "on_failure", "_announce_revoked", "_announce_cancelled"}:
                    ending.add(function.name)
    assert ending - {"create_request_cls"} == {
        *("execute", "terminate", "cancel", "_announce_revoked", "revoked", "on_accepted", "on_timeout", "on_success"),
        *("on_retry", "on_failure", "_retry_worker_lost", "execute_using_pool"),
    }


def test_no_header_takes_the_place_of_what_a_run_notes_in_its_request() -> None:
    targets = [node for node in ast.walk(ast.parse(inspect.getsource(task))) if isinstance(node, ast.Attribute)]
    names = {each.attr for each in targets if isinstance(each.ctx, ast.Store) and "request" in ast.unparse(each.value)}
    assert {"session", "published_retry"} <= names
    for name in names:
        with pytest.raises(InvalidTaskError, match=f"expected no header or option of this name, got: {name}"):
            check_request({"id": "1", "task": "t", "delivery_info": {}, name: 1}, None)
