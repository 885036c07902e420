"""The relay sends what was committed; dying in the middle, it loses nothing and repeats no effect."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from runtime.testing import Worker

from .combinations import on
from .service.calls import publish_in_transaction, relay, relay_and_die
from .service.notes import count

pytestmark = on("redis-sql", "rabbitmq-sql")


def test_the_relay_sends_what_is_committed(worker: Worker, tmp_path: Path) -> None:
    committed, undone = str(uuid.uuid4()), str(uuid.uuid4())
    worker.call(publish_in_transaction, undone, str(tmp_path), commit=False)
    worker.call(publish_in_transaction, committed, str(tmp_path), commit=True)
    process = subprocess.Popen([sys.executable, "-m", worker.module, "relay"], env=worker.env)
    try:
        worker.wait((tmp_path / committed).exists)
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert [path.name for path in tmp_path.iterdir()] == [committed]


def test_a_relay_that_dies_after_sending_repeats_no_effect(worker: Worker, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    worker.call(publish_in_transaction, name, str(tmp_path), commit=True)
    with pytest.raises(AssertionError, match="the process ended: 1"):
        worker.call(relay_and_die)
    worker.wait((tmp_path / name).exists)
    assert worker.call(relay) == 1
    worker.wait(lambda: worker.lines('"duplicate"', name))
    assert count(tmp_path, name) == 1
