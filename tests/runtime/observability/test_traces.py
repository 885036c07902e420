"""Real workers send their spans to a real collector: one trace, from the request to the effect."""

import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from runtime.testing import Worker
from runtime.testing.servers.process import free_port, serving

from ..combinations import on
from ..service.calls import dead_reasons, publish, relay
from .endpoints import Collector, Span

SECRET = "4929-planted-secret"
SEND, RUN = "apply_async/tests.observed", "run/tests.observed"

Start = Callable[..., Worker]


def lines_of(worker: Worker) -> list[dict[str, Any]]:
    """The lines of the worker's log, but for the banner."""
    return [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]


@on("redis-sql")
def test_one_trace_goes_from_the_request_to_the_effect(
    start: Start, traced: dict[str, str], collected: Collector, tmp_path: Path
) -> None:
    follow_a_request(start, traced, collected, tmp_path)


@pytest.mark.slow
@on("redis-redis", "rabbitmq-redis", "rabbitmq-sql")
def test_one_trace_on_the_other_servers(
    start: Start, traced: dict[str, str], collected: Collector, tmp_path: Path
) -> None:
    follow_a_request(start, traced, collected, tmp_path)


def follow_a_request(start: Start, traced: dict[str, str], collected: Collector, folder: Path) -> None:
    """A request publishes a task that asks for a retry, dies, is replayed and then has its effect."""
    worker = start()
    port, caller = free_port(), (secrets.token_hex(16), secrets.token_hex(8))
    command = [sys.executable, "-m", "uvicorn", "tests.runtime.service.observed_api:api", "--port", str(port)]
    # On a busy machine the API would lose the request's span after the 2 s that its end may take.
    with serving(command, port, folder / "api.log", {**traced, "RUNTIME_FLUSH_TIMEOUT": "30"}):
        answer = httpx2.post(
            f"http://127.0.0.1:{port}/observed",
            json={"folder": str(folder), "secret": SECRET},
            headers={"traceparent": f"00-{caller[0]}-{caller[1]}-01"},
        )
    task_id = answer.json()
    by_outbox = not traced["RUNTIME_IDEMPOTENCY_URL"].startswith("redis")
    assert not by_outbox or worker.call(relay) == 1
    worker.wait(lambda: worker.call(dead_reasons, task_id))
    (folder / "fixed").touch()
    worker.command("dead", "replay", task_id, "--json")
    worker.wait((folder / "effect").exists)
    names = [*["outbox/tests.observed"] * by_outbox, SEND, RUN, SEND, RUN]
    names += ["dead_letter/tests.observed", "replay/tests.observed", RUN]
    spans = worker.wait(lambda: of_tasks(collected, caller[0], len(names)))
    assert [each.name for each in spans] == names
    assert [each.parent for each in spans[1:]] == [each.id for each in spans[:-1]]
    assert {each.attributes["messaging.message.id"] for each in spans} == {task_id}
    above = {each.id: each for each in collected.trace(caller[0], 1)}
    request = above[spans[0].parent]  # of FastAPI, which has spans within that of the request
    while request.parent in above:
        request = above[request.parent]
    assert (request.name, request.kind, request.parent) == ("POST /observed", "SERVER", caller[1])
    first, second, third = (each for each in spans if each.name == RUN)
    assert (first.links, second.links, third.links) == ([], [first.id], [first.id, second.id])
    assert [each.attributes["celery.state"] for each in (first, second, third)] == ["RETRY", "FAILURE", "SUCCESS"]
    assert [each.name for each in spans if each.error] == [RUN, "dead_letter/tests.observed"]
    assert {each.error for each in spans if each.error} == {"OperationalError"}
    assert {each.service for each in spans} == {"runtime"}
    assert not any(SECRET.encode() in body for body in collected.bodies)
    check_log(worker, task_id, caller[0])
    follow_unsampled(worker, collected, folder)


def follow_unsampled(worker: Worker, collected: Collector, folder: Path) -> None:
    """The same way for a caller that does not sample: its trace goes on in headers and log, nothing is exported."""
    (folder / "fixed").unlink()
    (folder / "effect").unlink()
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    brought = {"traceparent": f"00-{trace_id}-{span_id}-00"}
    task_id = worker.call(publish, "tests.observed", str(folder), SECRET, headers=brought)
    worker.wait(lambda: worker.call(dead_reasons, task_id))
    kept = worker.command("dead", "show", task_id)["headers"]["traceparent"]
    assert (kept[:35], kept[-2:]) == (f"00-{trace_id}", "00")
    (folder / "fixed").touch()
    worker.command("dead", "replay", task_id, "--json")
    worker.wait((folder / "effect").exists)
    check_log(worker, task_id, trace_id)
    assert not [each for each in collected.spans if each.trace == trace_id]


def of_tasks(collected: Collector, trace: str, number: int) -> list[Span]:
    """The spans of this trace that are about tasks, once there are so many of them."""
    found = [each for each in collected.trace(trace, 1) if "celery.action" in each.attributes]
    return found if len(found) >= number else []


def check_log(worker: Worker, task_id: str, trace: str) -> None:
    """Each line about the task names it and its trace, whoever has written it, and wherever."""
    about = [line for line in lines_of(worker) if task_id in json.dumps(line)]
    owners = [line for line in about if "of the owner" in line["event"]]
    assert len(owners) == 6
    assert {"celery.worker.strategy", "celery.app.trace"} <= {line["logger"] for line in about}
    for line in about:
        assert (line["task"], line["task_id"], line["trace_id"]) == ("tests.observed", task_id, trace), line
