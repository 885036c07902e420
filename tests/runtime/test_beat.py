"""Real beats publish what is due, side by side and while the broker dies, and a real worker runs each slot once."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from runtime.probe import read
from runtime.testing import Worker
from runtime.testing.servers import rabbitmq, redis
from runtime.testing.servers.process import STARTED as SERVERS

from .combinations import each_broker, on
from .proxy import Proxy

pytestmark = each_broker

STARTED = "beat: Starting..."
SENT = "Sending due task tests.tick"
WAITING = "beat: Waiting for the broker"


GETS_SIGTERM_IN_A_DESTRUCTOR = """
import os
import runpy
import signal

from celery.signals import after_task_publish


class Ends:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)


after_task_publish.connect(lambda **_: Ends() and None, weak=False)
runpy.run_module("runtime.testing.tasks", run_name="__main__", alter_sys=True)
"""


@contextmanager
def beat(worker: Worker, folder: Path) -> Iterator[Path]:
    """A running beat; yields its log."""
    folder.mkdir()
    log = folder / "beat.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", worker.module, "beat"]
        own = {"TMPDIR": str(folder), "RUNTIME_HEARTBEAT_FILE": str(folder / "heartbeat")}
        process = subprocess.Popen(command, env={**worker.env, **own}, stdout=output, stderr=output)
    try:
        yield log
        assert process.poll() is None, log.read_text()[-4000:]
    finally:
        process.terminate()
        assert process.wait(30) == 0
        assert not (folder / "heartbeat").exists()


def slots(worker: Worker, event: str) -> list[str]:
    """The id of each run of which the worker's log tells this, in its order."""
    return [json.loads(line)["id"] for line in worker.lines('"task": "tests.tick"', f'"event": "{event}"')]


def test_two_beats_make_one_run_of_each_slot(worker: Worker, tmp_path: Path) -> None:
    # A lock in Redis lets one of two publish. RabbitMQ has no lock that would choose, so that the slot's id has to.
    publishers = 2 if worker.env["RUNTIME_BROKER_URL"].startswith("amqp") else 1
    with beat(worker, tmp_path / "first") as first:
        worker.wait(lambda: SENT in first.read_text())
        with beat(worker, tmp_path / "second") as second:
            worker.wait(lambda: STARTED in second.read_text())
            worker.wait(lambda: all(read(each.with_name("heartbeat")).ready for each in (first, second)))
            ran = len(slots(worker, "done"))
            worker.wait(lambda: len(slots(worker, "done")) >= ran + 3)
            worker.wait(lambda: publishers == 1 or (SENT in second.read_text() and slots(worker, "duplicate")))
            assert (SENT in second.read_text()) == (publishers == 2)
            assert bool(slots(worker, "duplicate")) == (publishers == 2)
    done = slots(worker, "done")
    assert len(set(done)) == len(done)


@on("redis-redis", slow=("rabbitmq-sql",))
def test_beat_waits_for_a_broker_that_dies(
    new_worker: Callable[..., Worker], services: dict[str, str], tmp_path: Path
) -> None:
    server, period = (rabbitmq, 30) if services["RUNTIME_BROKER_URL"].startswith("amqp") else (redis, 10)
    with server.started(tmp_path) as url:
        broker = SERVERS[-1]
        worker = new_worker(BROKER_URL=server.url(url, 0), TICK=f"{period}s")

        def begun() -> list[float]:
            return [datetime.fromisoformat(each.partition("@")[2]).timestamp() for each in slots(worker, "done")]

        with beat(worker, tmp_path / "beat") as log:
            worker.wait(begun, timeout=90)
            broker.kill()
            before = begun()
            missed = before[-1] + period
            worker.wait(lambda: time.time() > missed + 1 and WAITING in log.read_text(), timeout=90)
            heartbeat = read(log.with_name("heartbeat"))
            assert (heartbeat.live, heartbeat.ready) == (True, False)
            broker.start()
            worker.wait(lambda: len(begun()) >= len(before) + 2, timeout=120)
            late, next_one = begun()[len(before) :][:2]
        # Server and beat may take longer than a period to be back: then it is the latest slot that was missed.
        assert missed <= late <= time.time()
        assert next_one == late + period
        assert len(set(begun())) == len(begun())
        assert len(log.read_text().splitlines()) < 60
        assert "Traceback" not in log.read_text()


def test_beat_waits_for_a_broker_that_is_not_there_yet(
    new_worker: Callable[..., Worker], proxy: Proxy, tmp_path: Path
) -> None:
    """On the way to a server that others use, too: RabbitMQ takes five seconds of a processor to start."""
    proxy.cut()
    worker = new_worker(BROKER_URL=proxy.url)
    with beat(worker, tmp_path / "beat") as log:
        worker.wait(lambda: WAITING in log.read_text())
        proxy.mend()
        worker.wait(lambda: slots(worker, "done"), timeout=90)
    with beat(worker, tmp_path / "ends") as log:
        worker.wait(lambda: SENT in log.read_text())
        proxy.cut()
        worker.wait(lambda: WAITING in log.read_text())
    assert "Traceback" not in log.read_text()


@on("redis-redis", "rabbitmq-sql")
def test_beat_ends_where_python_loses_what_its_handler_raises(worker: Worker, tmp_path: Path) -> None:
    env = {**worker.env, "TMPDIR": str(tmp_path), "RUNTIME_HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    command = [sys.executable, "-c", GETS_SIGTERM_IN_A_DESTRUCTOR, "beat"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(SENT) == 1
