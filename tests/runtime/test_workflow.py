"""A workflow on a real worker: its steps run in order, what is done is not repeated, and a failure is reported."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from runtime.testing import Worker

from .combinations import each_broker
from .service.notes import count
from .service.workflows.numbered import start_chain, start_group, start_slow_chain

pytestmark = each_broker


def ends(worker: Worker, workflow_id: str) -> list[tuple[str, str]]:
    """Each step that ended, and how, in the order of the worker's log."""
    found = [json.loads(line) for line in worker.lines(f'"id": "{workflow_id}.') if line.startswith("{")]
    return [
        (line["id"].removeprefix(f"{workflow_id}."), line["event"])
        for line in found
        if line["event"] in ("done", "duplicate")
    ]


def test_a_chain_runs_in_order_and_a_second_start_repeats_no_step(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_chain, workflow_id)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 2)
    worker.call(start_chain, workflow_id)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 4)
    steps = ["1.first", "2.second"]
    assert ends(worker, workflow_id) == [(s, "done") for s in steps] + [(s, "duplicate") for s in steps]


def test_all_steps_have_the_workflow_as_their_root(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_group, workflow_id)
    worker.wait(lambda: len(ends(worker, workflow_id)) == 2)
    assert len(worker.lines(f"first of {workflow_id}")) == len(worker.lines(f"second of {workflow_id}")) == 1


def test_a_failure_ends_it_once_and_a_second_start_goes_on_from_there(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_chain, workflow_id, fails=True)
    worker.wait(lambda: worker.lines(f"failure of {workflow_id}"))
    assert ends(worker, workflow_id)[:1] != [("1.first", "done")]
    worker.call(start_chain, workflow_id)
    worker.wait(lambda: ("2.second", "done") in ends(worker, workflow_id))
    assert len(worker.lines(f"failure of {workflow_id}")) == 1


def test_a_worker_that_dies_in_a_step_repeats_no_finished_one(
    new_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    workflow_id, worker = str(uuid.uuid4()), new_worker()
    worker.call(start_slow_chain, workflow_id, str(tmp_path))
    worker.wait((tmp_path / "slow.started").exists)
    worker.kill()
    (tmp_path / "go").touch()
    worker = new_worker()
    worker.wait(lambda: worker.lines(f"second of {workflow_id}"))
    assert ("1.first", "done") in ends(worker, workflow_id)
    assert len(worker.lines(f"first of {workflow_id}")) == 1
    assert count(tmp_path, "slow.ended") == 1
