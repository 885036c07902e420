"""A workflow on a real worker: its steps run in order, what is done is not repeated, and a failure is heard of."""

import json
import uuid
from pathlib import Path
from typing import Any

CODE = """
from celery import {kind}
from tests.probe_ends import waits
from tests.probe_workflow import first, heard, second
from {{ package }}.workflow import Workflow

workflow = Workflow("probe", {id!r}, heard)
workflow.publish({steps})
"""
CHAIN = 'chain(workflow.step("1", first, {fails}), workflow.step("2", second))'
GROUP = 'group(workflow.step("1", first, {fails}), workflow.step("2", second))'


def start(worker: Any, workflow_id: str, steps: str, fails: bool = False) -> None:
    """Publish it."""
    worker.python(CODE.format(kind=steps.partition("(")[0], id=workflow_id, steps=steps.format(fails=fails)))


def ends(worker: Any, workflow_id: str) -> list[tuple[str, str]]:
    """Each step that ended, and how, in the order of the worker's log."""
    said = [json.loads(line) for line in worker.lines(f'"id": "{workflow_id}.') if line.startswith("{")]
    return [
        (line["id"].removeprefix(f"{workflow_id}."), line["event"])
        for line in said
        if line["event"] in ("done", "duplicate")
    ]


def test_a_chain_runs_in_order_and_a_second_start_repeats_no_step(worker: Any) -> None:
    workflow_id = str(uuid.uuid4())
    start(worker, workflow_id, CHAIN)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 2)
    start(worker, workflow_id, CHAIN)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 4)
    steps = ["1.first", "2.second"]
    assert ends(worker, workflow_id) == [(s, "done") for s in steps] + [(s, "duplicate") for s in steps]


def test_all_steps_have_the_workflow_as_their_root(worker: Any) -> None:
    workflow_id = str(uuid.uuid4())
    start(worker, workflow_id, GROUP)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 2)
    assert len(worker.lines(f"first of {workflow_id}")) == len(worker.lines(f"second of {workflow_id}")) == 1


def test_a_failure_ends_it_once_and_a_second_start_goes_on_from_there(worker: Any) -> None:
    workflow_id = str(uuid.uuid4())
    start(worker, workflow_id, CHAIN, fails=True)
    worker.wait(lambda: worker.lines(f"heard of {workflow_id}"))
    assert ends(worker, workflow_id)[:1] != [("1.first", "done")]
    start(worker, workflow_id, CHAIN)
    worker.wait(lambda: ("2.second", "done") in ends(worker, workflow_id))
    assert len(worker.lines(f"heard of {workflow_id}")) == 1


def test_a_worker_that_dies_in_a_step_repeats_no_finished_one(new_worker: Any, tmp_path: Path) -> None:
    workflow_id, worker = str(uuid.uuid4()), new_worker()
    slow = f'workflow.step("2", waits, {str(tmp_path)!r}, "slow", 2)'
    start(worker, workflow_id, f'chain(workflow.step("1", first, False), {slow}, workflow.step("3", second))')
    worker.wait((tmp_path / "slow.started").exists)
    worker.kill()
    worker = new_worker()
    worker.wait(lambda: worker.lines(f"second of {workflow_id}"))
    assert ("1.first", "done") in ends(worker, workflow_id)
    assert len(worker.lines(f"first of {workflow_id}")) == 1
    assert len((tmp_path / "slow.ended").read_text().splitlines()) == 1
