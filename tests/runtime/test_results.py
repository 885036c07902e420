"""A task that says why gets its return value kept; the others do not."""

import socket
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CODE = """
import json, time
from tests.probe import effect
from tests.probe_results import answer
from {{ package }}.app import app
kept = answer.apply_async((20,), task_id={task_id!r})
deadline = time.monotonic() + 60
while not kept.ready() and time.monotonic() < deadline:
    time.sleep(0.1)
print(json.dumps([kept.state, kept.result, effect.ignore_result]))
"""


def test_a_result_is_kept_for_the_task_that_says_why(worker: Any) -> None:
    task_id = str(uuid.uuid4())
    assert worker.python(CODE.format(task_id=task_id)) == ["SUCCESS", 40, True]


@pytest.mark.parametrize("task", ["probe.effect.delay('an.effect', {folder!r})", "probe_results.answer.delay(1)"])
def test_to_publish_needs_no_store_of_results(beside: Any, services: dict[str, str], tmp_path: Path, task: str) -> None:
    scheme = urlsplit(services["{{ package | upper }}_RESULT_URL"]).scheme
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"{scheme.replace('sqlite', 'postgresql+psycopg')}://127.0.0.1:{silent.getsockname()[1]}/0"
    console = beside(RESULT_URL=url)
    console.python("from tests import probe, probe_results")
    began = time.monotonic()
    console.python(task.format(folder=str(tmp_path)))
    assert time.monotonic() - began < 3
    silent.close()
