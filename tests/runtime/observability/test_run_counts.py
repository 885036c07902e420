"""Runs are counted as prometheus_client would count them, in every process, and whatever ends it."""

import json
import os
import signal
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from runtime.observability.metrics.counters import SECONDS
from runtime.observability.metrics.run_counts import RunCounts

PLACE = ("tests.effect", "short")


@pytest.fixture
def counts() -> RunCounts:
    return RunCounts([("other", "short"), PLACE])


def exposed(counts: RunCounts) -> dict[str, float]:
    """The samples of PLACE; there are none of another place."""
    found = {}
    for metric in counts.collect():
        for sample in metric.samples:
            assert (sample.labels["task"], sample.labels["queue"]) == PLACE
            found[f"{sample.name} {sample.labels['le']}" if "le" in sample.labels else sample.name] = sample.value
    return found


def test_runs_are_exposed_as_the_library_would(counts: RunCounts) -> None:
    theirs, labels = CollectorRegistry(), ["task", "queue"]
    began, succeeded, retried, failed = (
        Counter(f"celery_tasks_{name}", text, labels, registry=theirs).labels(*PLACE)
        for name, text in (
            ("started", "Runs begun; each ends as one of the next five, or comes again."),
            ("succeeded", "Runs that returned."),
            ("retried", "Runs that failed, or were lost, and are published again."),
            ("failed", "Runs that failed, or were lost, for good."),
        )
    )
    waited, took = (
        Histogram(f"celery_task_{name}_seconds", text, labels, buckets=SECONDS, registry=theirs).labels(*PLACE)
        for name, text in (
            ("queue", "From publishing, or from the eta, to the begin of the run."),
            ("run", "From the begin of a run to its end."),
        )
    )
    runs = counts.of(PLACE)
    for number, seconds in enumerate((0.0, 0.005, *SECONDS, 0.3, 7, 3601, 1e6)):
        runs.begun(seconds)
        began.inc()
        waited.observe(seconds)
        state, end = (("SUCCESS", succeeded), ("RETRY", retried), ("FAILURE", failed), ("IGNORED", None))[number % 4]
        runs.ended(state, seconds / 2)
        took.observe(seconds / 2)
        if end:
            end.inc()
    runs.begun(None)
    began.inc()
    runs.ended("FAILURE")
    failed.inc()
    ours = CollectorRegistry()
    ours.register(counts)
    expected = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert generate_latest(ours).decode().splitlines() == expected


def test_a_place_is_exposed_from_its_first_run_or_from_0(counts: RunCounts) -> None:
    assert exposed(counts) == {}
    counts.shown.add(PLACE)
    assert exposed(counts) == {f"celery_tasks_{end}_total": 0 for end in ("started", "succeeded", "retried", "failed")}


def in_a_process(act: Callable[[], object]) -> None:
    """Do it in a process that is then killed."""
    pid = os.fork()
    if not pid:
        try:
            act()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def test_what_a_killed_process_has_counted_is_kept_and_its_memory_is_not(counts: RunCounts) -> None:
    runs = counts.of(PLACE)
    runs.begun(None)

    def run() -> None:
        runs.begun(0.2)
        runs.ended("SUCCESS", 0.1)

    for number in range(1, 6):
        in_a_process(run)
        found = exposed(counts)
        assert (found["celery_tasks_started_total"], found["celery_tasks_succeeded_total"]) == (number + 1, number)
        assert found["celery_task_queue_seconds_sum"] == pytest.approx(0.2 * number)
        assert len(counts._forked) == 1


def test_a_process_that_is_forked_counts_from_0(counts: RunCounts) -> None:
    runs = counts.of(PLACE)
    runs.begun(None)
    reading, writing = os.pipe()

    def run() -> None:
        before = exposed(counts)
        runs.begun(None)
        os.write(writing, json.dumps([before, exposed(counts)["celery_tasks_started_total"]]).encode())

    in_a_process(run)
    os.close(writing)
    assert json.loads(os.read(reading, 1000)) == [{}, 1]
    assert exposed(counts)["celery_tasks_started_total"] == 2
    os.close(reading)
