"""RabbitMQ's delayed delivery where no worker has ever been: a broker that is new, has lost a part, has lost all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.rendering import render

from .test_chaos import PLACES

SCRIPT = """
import os, shutil, sys, time
from pathlib import Path
from dev.services import running

folder = Path(sys.argv[1])
with running(folder, environ={}) as urls:
    os.environ.update(urls)
    from dev.process import STARTED
    from tests.probe import app
    from tests.probe_ends import waits

    queue = app.amqp.queues[waits.work_queue.value.wire_name]
    assert queue.name == "delayed.within_1h"

    def arrives(number):
        waits.apply_async((str(folder), "late", 0), countdown=1)
        deadline = time.monotonic() + 30
        with app.connection_for_read() as connection:
            bound = queue.bind(connection.default_channel)
            while bound.queue_declare(passive=True).message_count < number and time.monotonic() < deadline:
                time.sleep(0.1)
            assert bound.queue_declare(passive=True).message_count == number

    arrives(1)
    with app.connection_for_read() as connection:
        connection.default_channel.exchange_delete("celery_delayed_27")
    arrives(2)
    (server,) = (each for each in STARTED if "rabbitmq-server" in each.command[0])
    server.kill()
    shutil.rmtree(folder / "rabbitmq" / "data")
    server.start()
    arrives(1)
"""


def test_a_countdown_needs_no_worker_on_the_way(tmp_path: Path) -> None:
    if not shutil.which("rabbitmq-server", path=PLACES):
        if os.environ.get("CI"):
            pytest.fail("expected rabbitmq-server to be installed, got: none; install it")
        pytest.skip("no rabbitmq-server is installed")
    answers = {"package": "delayed", "broker": "rabbitmq", "queue_layout": "latency"}
    service = render(tmp_path / "service", {**answers, "ci": "none", "deploy": []})
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=service,
        env={**os.environ, "PYTHONPATH": str(service / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
