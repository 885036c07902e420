"""The exporter tells what only the broker and the stores know, and what it does not know it leaves out."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from runtime.testing import Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.processes import Workers
from runtime.testing.servers.process import free_port, until

from .combinations import each_broker
from .conftest import BROKER
from .proxy import Proxy
from .service.calls import publish, publish_in_transaction, purge_queues
from .test_scraping import Scraped, check_text

LONGEST = 3.0
"""METRICS_TIMEOUT, in seconds."""


class Scrape:
    """A process of the service that is scraped."""

    def __init__(self, command: str, folder: Path, env: Mapping[str, str], **variables: object) -> None:
        self.port = free_port()
        self.log = folder / f"{command}.{self.port}.log"
        self._command = [sys.executable, "-m", "runtime.testing.tasks", command]
        self._env = with_variables(env, {"OBSERVE": "metrics", "METRICS_PORT": self.port, **variables})
        self._env["TMPDIR"] = str(folder)

    def __enter__(self) -> Self:
        """Start it."""
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(self._command, env=self._env, stdout=output, stderr=output)
        until(self._answers)
        return self

    def __exit__(self, *error: object) -> None:
        """End it: well, and without a word of an error."""
        self._process.terminate()
        assert self._process.wait(30) == 0, self.log.read_text()
        assert "Traceback" not in self.log.read_text()

    def __call__(self) -> Scraped:
        """What it tells now, which takes no longer than METRICS_TIMEOUT, and a little."""
        begun = time.monotonic()
        scraped = Scraped(self.port)
        assert time.monotonic() - begun < LONGEST + 2
        return scraped

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()
        with suppress(OSError):
            return bool(self().text)
        return False


@pytest.fixture(autouse=True)
def _no_worker(workers: Workers, new_worker: Callable[..., Worker]) -> Iterator[None]:
    """The shared worker is stopped and no other started; nothing is left of what is published, or was before."""
    workers.console.call(purge_queues)
    yield
    workers.console.call(purge_queues)


@pytest.fixture
def exporter(services: dict[str, str], proxy: Proxy, tmp_path: Path) -> Iterator[Scrape]:
    """An exporter whose way to the broker is the proxy."""
    with Scrape("metrics", tmp_path, services, BROKER_URL=proxy.url) as scrape:
        yield scrape


def tells_its_memory(server: Redis) -> bool:
    """Whether it knows INFO, which fakeredis does not."""
    try:
        return bool(server.info("memory"))
    except ResponseError:
        return False


@each_broker
def test_it_tells_what_waits_and_survives_a_broker_that_is_away(
    exporter: Scrape, workers: Workers, services: dict[str, str], proxy: Proxy, tmp_path: Path
) -> None:
    redis = services[BROKER].startswith("redis")
    before = exporter()
    assert before("broker_up") == 1
    assert before("queue_messages_waiting", queue="long") == 0
    assert before("queue_oldest_message_age_seconds", queue="long") == 0
    assert before("queue_messages_in_work", queue="long") == (0 if redis else None)
    assert before("queue_consumers", queue="long") == (None if redis else 0)
    assert before("queue_max_runtime_seconds", queue="long") == 60
    assert before("schedule_period_seconds", task="tests.tick") == 1
    workers.console.call(publish, "tests.waits", str(tmp_path), "one", 1)
    assert before("broker_memory_ratio") is None
    if redis:
        assert before("circuit_state", circuit="tests", state="closed") == 1
        assert before("circuit_state", circuit="tests", state="open") == 0
        server = Redis.from_url(services[BROKER])
        if tells_its_memory(server):
            server.config_set("maxmemory", "1gb")
            assert 0 < (exporter()("broker_memory_ratio") or 0) < 0.5
            server.config_set("maxmemory", "0")
    else:
        assert before("outbox_messages") == 0
        workers.console.call(publish_in_transaction, "one", str(tmp_path), True)
    until(lambda: exporter()("queue_oldest_message_age_seconds", queue="long"))
    later = exporter()
    assert later("queue_messages_waiting", queue="long") == 1
    if not redis:
        assert later("outbox_messages", state="waiting") == 1
        with Scrape("relay", tmp_path, services) as relay:
            until(lambda: relay()("tasks_published_total", task="tests.effect", queue="short") == 1)
            check_text(relay().text)
        assert exporter()("outbox_messages") == 0
    assert later("broker_finding") is not None
    check_text(later.text)

    for break_it, mend_it in ((proxy.cut, proxy.mend), (proxy.freeze, proxy.thaw)):
        break_it()
        away = exporter()
        assert away("broker_up") == 0
        assert [name for name in away.samples if name.startswith(("celery_queue_messages", "celery_queue_dead"))] == []
        assert away("broker_finding") is away("broker_memory_ratio") is None
        assert away("queue_max_runtime_seconds", queue="long") == 60
        mend_it()
        until(lambda: exporter()("broker_up"))
        assert exporter()("queue_messages_waiting", queue="long") == 1


@each_broker
def test_a_beat_tells_when_tasks_are_due_and_how_late_they_were(services: dict[str, str], tmp_path: Path) -> None:
    labels = {"task": "tests.tick"}
    with Scrape("beat", tmp_path, services, TICK="2s") as beat:
        until(lambda: (beat()("schedule_lateness_seconds_count", **labels) or 0) >= 2)
        scraped, now = beat(), time.time()
        assert 0 < (scraped("schedule_lateness_seconds_sum", **labels) or 0) < 20
        assert now - 2 < (scraped("schedule_due_timestamp_seconds", **labels) or 0) < now + 3
        published = scraped("tasks_published_total", queue="short", **labels) or 0
        assert published - (scraped("schedule_lateness_seconds_count", **labels) or 0) in (0, 1)
        check_text(scraped.text)
        if services[BROKER].startswith("redis"):  # the lock there is one beat's
            with Scrape("beat", tmp_path, services, TICK="2s") as other:
                until(lambda: "beat: Starting..." in other.log.read_text())
                assert other()("schedule_due_timestamp_seconds") is None
                assert other()("schedule_lateness_seconds_count", **labels) == 0
