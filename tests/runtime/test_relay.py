"""The relay sends what was committed; dying in the middle, it loses nothing and repeats no effect."""

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

PUBLISH = """
from sqlalchemy.orm import Session
from tests.probe import effect
from {{ package }}.database import engine_of
from {{ package }}.outbox import publish
from {{ package }}.settings import settings
with Session(engine_of(settings().idempotency_url)) as session:
    publish(session, effect.s({name!r}, {folder!r}))
    session.{ends}()
"""


def test_the_relay_sends_what_is_committed(worker: Any, tmp_path: Path) -> None:
    committed, undone = str(uuid.uuid4()), str(uuid.uuid4())
    worker.python(PUBLISH.format(name=undone, folder=str(tmp_path), ends="rollback"))
    worker.python(PUBLISH.format(name=committed, folder=str(tmp_path), ends="commit"))
    relay = subprocess.Popen([sys.executable, "-m", "tests.probe", "relay"], env=worker.env)
    try:
        worker.wait((tmp_path / committed).exists)
    finally:
        relay.terminate()
        assert relay.wait(20) == 0
    assert [path.name for path in tmp_path.iterdir()] == [committed]


def test_a_relay_that_dies_after_sending_repeats_no_effect(worker: Any, tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    worker.python(PUBLISH.format(name=name, folder=str(tmp_path), ends="commit"))
    with pytest.raises(AssertionError):
        worker.python(
            "import os\n"
            "from {{ package }}.relay import Relay, publish\n"
            "from {{ package }}.settings import settings\n"
            "Relay(settings().idempotency_url, lambda message: (publish(message), os._exit(1))).drain()"
        )
    worker.wait((tmp_path / name).exists)
    worker.python(
        "from {{ package }}.relay import Relay, publish\n"
        "from {{ package }}.settings import settings\n"
        "assert Relay(settings().idempotency_url, publish).drain() == 1"
    )
    worker.wait(lambda: worker.lines('"duplicate"', name))
    assert len((tmp_path / name).read_text().splitlines()) == 1
