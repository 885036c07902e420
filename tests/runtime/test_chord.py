"""A chord on a real worker: its body runs once all parts are done, and only for it are results kept."""

import uuid
from typing import Any

CODE = """
from celery import chord
from tests.probe_workflow import first, heard, second
from {{ package }}.workflow import Workflow

workflow = Workflow("probe", {id!r}, heard)
parts = [workflow.step(str(number), first, {fails} and number == 1, counted=True) for number in range(3)]
workflow.publish(chord(parts, workflow.step("last", second)))
"""


def publish(worker: Any, workflow_id: str, fails: bool) -> None:
    """Publish the chord."""
    worker.python(CODE.format(id=workflow_id, fails=fails))


def test_the_body_runs_once_after_all_parts_whatever_is_repeated(worker: Any) -> None:
    workflow_id = str(uuid.uuid4())
    for times in (1, 2):
        publish(worker, workflow_id, fails=False)
        worker.wait(lambda times=times: len(worker.lines(f'"id": "{workflow_id}.last.second"')) >= times)
    assert len(worker.lines(f"first of {workflow_id}")) == 3
    assert len(worker.lines(f"second of {workflow_id}")) == 1


def test_a_part_that_fails_keeps_the_body_from_running(worker: Any) -> None:
    workflow_id = str(uuid.uuid4())
    publish(worker, workflow_id, fails=True)
    worker.wait(lambda: worker.lines(f"heard of {workflow_id}"))
    assert worker.lines(f"second of {workflow_id}") == []
