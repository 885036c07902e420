"""The trace on every way that a message takes: workflows, many at once, duplicates, deferrals, lost processes."""

import json
import secrets
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker
from runtime.testing.servers.process import until

from ..combinations import each_broker
from ..service.calls import publish, relay, send_unchecked, start_in_transaction
from ..service.notes import count
from ..service.traced import post_to_django, publish_many_in_a_span
from ..service.workflows import numbered
from .endpoints import Collector, Span

pytestmark = [pytest.mark.slow, each_broker]

Start = Callable[..., Worker]


def tree(spans: list[Span], parent: str = "") -> list[Any]:
    """The names of spans, each with what is below it, sorted; a span whose parent was never sent is a root."""
    known = {each.id for each in spans}
    found = [each for each in spans if each.parent == parent or (not parent and each.parent not in known)]
    return sorted([each.name, *tree(spans, each.id)] for each in found)


def of_task(collected: Collector, task_id: str) -> list[Span]:
    """The spans of the traces that a task belongs to."""
    traces = {each.trace for each in collected.spans if each.attributes.get("messaging.message.id") == task_id}
    return [each for each in collected.spans if each.trace in traces]


def expect(spans: Callable[[], list[Span]], expected: list[Any]) -> None:
    """Wait until the spans are this tree."""
    with suppress(TimeoutError):
        until(lambda: tree(spans()) == expected, 30)
    assert tree(spans()) == expected


def send(task: str, *below: Any) -> list[Any]:
    return [f"apply_async/tests.{task}", *below]


def run(task: str, *below: Any) -> list[Any]:
    return [f"run/tests.{task}", *below]


def letter(task: str) -> list[Any]:
    return [f"dead_letter/{task}"]


def begin(worker: Worker, workflow: str, **options: bool) -> tuple[str, str]:
    """Start a workflow, by the outbox where there is one; its id, and the name of its first span."""
    workflow_id = str(uuid.uuid4())
    if worker.env["RUNTIME_IDEMPOTENCY_URL"].startswith("postgresql"):
        worker.call(start_in_transaction, workflow, workflow_id, commit=True, **options)
        assert worker.call(relay) == 1
        return workflow_id, "outbox/celery.workflow"
    worker.call(getattr(numbered, workflow), workflow_id, **options)
    return workflow_id, "workflow"


@pytest.mark.parametrize("fails", [False, True])
def test_a_chain_is_one_trace(start: Start, collected: Collector, fails: bool) -> None:
    worker = start()
    chain, begun = begin(worker, "start_chain", fails=fails)
    after = send("failed", run("failed")) if fails else send("second", run("second"))
    step = run("first", after, letter("tests.first")) if fails else run("first", after)
    expect(lambda: of_task(collected, f"{chain}.1.first"), [[begun, send("first", step)]])


def test_a_chord_is_one_trace(start: Start, collected: Collector) -> None:
    worker = start()
    _, begun = begin(worker, "start_chord", fails=False)
    last, first = "run/tests.second", "run/tests.first"
    worker.wait(lambda: ancestors(collected, last)[-1:] == [begun] and len(collected.named(first)) == 3)
    assert len({each.trace for each in collected.spans}) == 1
    # With a result store of SQL a task of Celery's waits for the parts, and publishes the last step.
    assert ancestors(collected, last)[:2] in (
        ["apply_async/tests.second", first],
        ["apply_async/tests.second", "run/celery.chord_unlock"],
    )


def ancestors(collected: Collector, name: str) -> list[str]:
    """The names of what the first span of this name is part of, the nearest first."""
    by_id = {each.id: each for each in collected.spans}
    found, named = [], collected.named(name)
    parent = named[0].parent if named else ""
    while parent in by_id:
        found.append(by_id[parent].name)
        parent = by_id[parent].parent
    return found


def test_many_at_once_are_part_of_what_publishes_them(start: Start, collected: Collector, tmp_path: Path) -> None:
    worker = start()
    assert worker.call(publish_many_in_a_span, str(tmp_path), 20) == 0
    each = send("effect", run("effect"))
    expect(lambda: collected.spans, [["publishes many", *[each] * 20]])


def test_a_duplicate_and_a_deferral_are_events_of_their_runs(
    start: Start, collected: Collector, tmp_path: Path
) -> None:
    worker = start()
    first = worker.call(publish, "tests.holds", str(tmp_path))
    worker.wait((tmp_path / "started").exists)
    second = worker.call(publish, "tests.holds", str(tmp_path))
    worker.wait(lambda: worker.lines('"deferred"', second))
    (tmp_path / "go").touch()
    worker.wait(lambda: worker.lines('"duplicate"', second))
    expect(lambda: of_task(collected, first), [send("holds", run("holds"))])
    runs = worker.wait(
        lambda: [each for each in runs_of(collected, second) if duplicate(each)] and runs_of(collected, second)
    )
    assert [name for each in runs for name, _ in each.events] == ["deferred"] * (len(runs) - 1) + ["duplicate dropped"]
    assert [each.links for each in runs] == [[each.id for each in runs[:number]] for number in range(len(runs))]
    assert len({each.trace for each in runs}) == 1


def runs_of(collected: Collector, task_id: str) -> list[Span]:
    return [each for each in collected.named("run/tests.holds") if each.attributes["messaging.message.id"] == task_id]


def duplicate(span: Span) -> bool:
    return any(name == "duplicate dropped" for name, _ in span.events)


def test_what_a_killed_worker_ran_goes_on_in_its_trace(start: Start, collected: Collector, tmp_path: Path) -> None:
    worker = start()
    task_id = worker.call(publish, "tests.waits", str(tmp_path), "task", 50)
    worker.wait(lambda: count(tmp_path, "task.started") == 1)
    worker.kill()
    (tmp_path / "go").touch()
    worker = start()
    worker.wait((tmp_path / "task.ended").exists)
    expect(lambda: of_task(collected, task_id), [send("waits", run("waits"))])
    (found,) = collected.named("run/tests.waits")
    assert found.attributes["celery.redeliveries"] == 1
    assert found.attributes["celery.state"] == "SUCCESS"


def test_what_no_run_can_report_is_part_of_the_trace(start: Start, collected: Collector, tmp_path: Path) -> None:
    worker = start()
    where, again = str(tmp_path), send("kills_its_process", letter("tests.kills_its_process"))
    unknown = str(uuid.uuid4())
    worker.call(send_unchecked, "tests.nowhere", [], unknown)
    expect(lambda: of_task(collected, unknown), [send("nowhere", letter("unknown"))])
    rejected = worker.call(publish, "tests.rejects", where, "rejects")
    expect(lambda: of_task(collected, rejected), [send("rejects", letter("tests.rejects"), run("rejects"))])
    # With its process the span of a run is lost; at a time limit it may have a moment to send it.
    overruns = worker.call(publish, "tests.overruns", where, "overruns")
    expect(
        lambda: [each for each in of_task(collected, overruns) if "run/" not in each.name],
        [send("overruns", letter("tests.overruns"))],
    )
    lost = worker.call(publish, "tests.kills_its_process", where, "lost")
    expect(  # of several attempts to publish its retry, each of which is a span, one succeeds
        lambda: [each for each in of_task(collected, lost) if not (each.error and "apply_async/" in each.name)],
        [send("kills_its_process", again)],
    )
    dead = [each for each in collected.spans if each.name.startswith("dead_letter/")]
    reasons = [each.attributes["celery.dead_letter.reason"] for each in dead]
    assert reasons == ["NotRegistered", "Reject", "TimeLimitExceeded", "WorkerLostError"]
    assert [each.error for each in dead] == reasons


def test_what_the_command_publishes_begins_a_trace(start: Start, collected: Collector, tmp_path: Path) -> None:
    worker = start()
    arguments = json.dumps({"name": "sent", "folder": str(tmp_path)})
    command = [sys.executable, "-m", worker.module, "send", "effect", arguments, "--id", "sent-by-command"]
    subprocess.run(command, env=worker.env, check=True)  # which sends its span before it ends
    expect(lambda: of_task(collected, "sent-by-command"), [send("effect", run("effect"))])


def test_a_request_to_django_is_where_its_task_belongs(start: Start, collected: Collector, tmp_path: Path) -> None:
    worker, caller = start(), (secrets.token_hex(16), secrets.token_hex(8))
    assert worker.call(post_to_django, "django", str(tmp_path), f"00-{caller[0]}-{caller[1]}-01") == 202
    by_outbox = worker.env["RUNTIME_IDEMPOTENCY_URL"].startswith("postgresql")
    assert not by_outbox or worker.call(relay) == 1
    sent = send("effect", run("effect"))
    below = ["outbox/tests.effect", sent] if by_outbox else sent
    expect(lambda: collected.trace(caller[0], 1), [["POST effects", below]])
    (request,) = collected.named("POST effects")
    assert request.parent == caller[1]
