"""The relay sends what was committed; dying in the middle, it loses nothing and repeats no effect."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from runtime.probe import read
from runtime.testing import Worker

from .combinations import on
from .service.calls import publish_in_transaction, relay, relay_and_die, start_in_transaction
from .service.notes import count

pytestmark = on("redis-sql", "rabbitmq-sql")


def test_the_relay_sends_what_is_committed(worker: Worker, tmp_path: Path) -> None:
    committed, undone = str(uuid.uuid4()), str(uuid.uuid4())
    worker.call(publish_in_transaction, undone, str(tmp_path), commit=False)
    worker.call(publish_in_transaction, committed, str(tmp_path), commit=True)
    heartbeat = tmp_path.with_suffix(".heartbeat")
    env = {**worker.env, "RUNTIME_HEARTBEAT_FILE": str(heartbeat)}
    process = subprocess.Popen([sys.executable, "-m", worker.module, "relay"], env=env)
    try:
        worker.wait((tmp_path / committed).exists)
        worker.wait(lambda: read(heartbeat).ready)
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert not heartbeat.exists()
    assert [path.name for path in tmp_path.iterdir()] == [committed]


@pytest.mark.parametrize(
    ("start", "options"), [("start_chain", {}), ("start_group", {}), ("start_chord", {"fails": False})]
)
def test_a_workflow_starts_when_its_transaction_commits(worker: Worker, start: str, options: dict[str, bool]) -> None:
    committed, undone = str(uuid.uuid4()), str(uuid.uuid4())
    assert worker.call(start_in_transaction, start, undone, commit=False, **options) == undone
    assert worker.call(start_in_transaction, start, committed, commit=True, **options) == committed
    assert not worker.lines(committed)
    assert worker.call(relay) == 1
    worker.wait(lambda: worker.lines(f"first of {committed}") and worker.lines(f"second of {committed}"))
    assert not worker.lines(undone)


def test_a_relay_that_dies_after_starting_a_workflow_repeats_no_step(worker: Worker) -> None:
    workflow_id = str(uuid.uuid4())
    worker.call(start_in_transaction, "start_chain", workflow_id, commit=True)
    with pytest.raises(AssertionError, match="the process ended: 1"):
        worker.call(relay_and_die)
    worker.wait(lambda: worker.lines(f"second of {workflow_id}"))
    assert worker.call(relay) == 1
    worker.wait(lambda: len(worker.lines('"duplicate"', f"{workflow_id}.2")) == 1)
    assert len(worker.lines(f"first of {workflow_id}")) == len(worker.lines(f"second of {workflow_id}")) == 1


def test_a_relay_that_dies_after_sending_repeats_no_effect(worker: Worker, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    worker.call(publish_in_transaction, name, str(tmp_path), commit=True)
    with pytest.raises(AssertionError, match="the process ended: 1"):
        worker.call(relay_and_die)
    worker.wait((tmp_path / name).exists)
    assert worker.call(relay) == 1
    worker.wait(lambda: worker.lines('"duplicate"', name))
    assert count(tmp_path, name) == 1
