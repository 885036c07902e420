"""A chord on a real worker: its body runs once all parts are done, and only for it are results kept."""

import uuid

from runtime.testing import Worker

from .combinations import each_broker
from .service.workflows.numbered import start_chord

pytestmark = each_broker


def ends(worker: Worker, workflow_id: str) -> list[str]:
    """Each end of the body."""
    return worker.lines(f'"id": "{workflow_id}.last.second"')


def test_the_body_runs_once_after_all_parts_whatever_is_repeated(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_chord, workflow_id, fails=False)
    worker.wait(lambda: ends(worker, workflow_id))
    worker.call(start_chord, workflow_id, fails=False)
    worker.wait(lambda: len(ends(worker, workflow_id)) >= 2)
    assert len(worker.lines(f"first of {workflow_id}")) == 3
    assert len(worker.lines(f"second of {workflow_id}")) == 1


def test_a_part_that_fails_keeps_the_body_from_running(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_chord, workflow_id, fails=True)
    worker.wait(lambda: worker.lines(f"failure of {workflow_id}"))
    assert worker.lines(f"second of {workflow_id}") == []
