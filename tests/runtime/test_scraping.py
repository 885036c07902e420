"""What Prometheus gets from a real worker, beside what has happened."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from runtime import ConfigurationError
from runtime.observability.metrics import Metrics
from runtime.observability.metrics.server import MetricsSettings
from runtime.observability.multiprocess import VARIABLE, prepare
from runtime.testing import Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.processes import Workers
from runtime.testing.servers.process import free_port
from tests.template.rendering import render

from .combinations import each_broker, on
from .conftest import APP, SOURCE, VARIABLES
from .service.calls import publish, purge_queues, send_unchecked
from .service.notes import count
from .test_threads import Threaded

PROMTOOL = shutil.which("promtool")
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
METRICS = SOURCE / "runtime" / "observability" / "metrics"


class Scraped:
    """The samples that a process serves at a port."""

    def __init__(self, port: int) -> None:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
            self.text = reply.read().decode()
        self.samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                self.samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value

    def __call__(self, name: str, **labels: str) -> float | None:
        """The sum of the samples of this name that have the labels; None if there are none."""
        found = [value for key, value in self.samples.get(f"celery_{name}", {}).items() if labels.items() <= key]
        return sum(found) if found else None

    def counters(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """What may only grow."""
        return {
            (name, labels): value
            for name, samples in self.samples.items()
            if name.endswith(("_total", "_count", "_bucket")) and name.startswith("celery_")
            for labels, value in samples.items()
        }


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the worker makes the folder of its files."""
    counts = tmp_path / "counts"
    counts.mkdir()
    return counts


@pytest.fixture
def observed(
    workers: Workers,
    new_worker: Callable[..., Worker],
    services: dict[str, str],
    port: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Worker:
    """A worker that is scraped, and that finds nothing to do."""
    workers.console.call(purge_queues)
    monkeypatch.setitem(services, VARIABLE, str(folder))
    worker = new_worker(OBSERVE="metrics", METRICS_PORT=port)
    worker.wait(lambda: worker.lines("ready"))
    return worker


class Watch:
    """Scrapes a worker again and again: no counter may ever go back."""

    def __init__(self, worker: Worker, port: int) -> None:
        self._worker, self._port = worker, port
        self._before = Scraped(port).counters()

    def until(self, happened: Callable[[Scraped], Any]) -> Scraped:
        """The first scrape for which it is true."""

        def look() -> Scraped | None:
            now = Scraped(self._port)
            counters = now.counters()
            assert {key: value for key, value in self._before.items() if counters.get(key, -1) < value} == {}
            self._before = counters
            return now if happened(now) else None

        scraped: Scraped = self._worker.wait(look)
        return scraped


ENDS = ("started", "succeeded", "retried", "failed")
EXPECTED = {
    "tests.effect": (2, 1, 0, 0),
    "tests.fails": (1, 0, 0, 1),
    "tests.exhausts_its_retries": (2, 0, 1, 1),
    "tests.overruns": (1, 0, 0, 1),
    "tests.kills_its_process": (2, 0, 1, 1),
    "tests.rejects": (1, 0, 0, 1),
    "tests.tick": (0, 0, 0, 0),
}
"""How often each task began, and how its runs ended."""

REASONS = {
    "tests.fails": "ValueError",
    "tests.exhausts_its_retries": "ConnectionError",
    "tests.overruns": "TimeLimitExceeded",
    "tests.kills_its_process": "WorkerLostError",
    "tests.rejects": "Reject",
    "other": "NotRegistered",
}
"""Of the one dead letter of each task."""


@each_broker
def test_a_worker_tells_what_has_happened_and_how_it_is(
    observed: Worker, port: int, tmp_path: Path, folder: Path
) -> None:
    watch = Watch(observed, port)
    healthy = watch.until(lambda now: now("worker_connected") and now("worker_consuming") == 2)
    assert healthy("worker_slots") == 2
    assert healthy("worker_slots_busy") == healthy("worker_pool_stuck") == 0
    assert healthy("worker_last_message_timestamp_seconds") == 0

    observed.call(publish, "tests.effect", "one", str(tmp_path))
    watch.until(lambda now: now("tasks_succeeded_total", task="tests.effect") == 1)
    observed.call(publish, "tests.effect", "one", str(tmp_path))
    observed.call(publish, "tests.effect", "two", str(tmp_path), expires=0.001)
    observed.call(publish, "tests.holds", str(tmp_path))
    observed.wait(lambda: count(tmp_path, "started"))
    observed.call(publish, "tests.holds", str(tmp_path))
    for name in ("fails", "exhausts_its_retries", "overruns", "kills_its_process", "rejects"):
        observed.call(publish, f"tests.{name}", str(tmp_path), name)
    observed.call(send_unchecked, "tests.of_another_release", [], "unknown")
    busy = watch.until(
        lambda now: now("task_deferrals_total", task="tests.holds") and now("lease_renewals_total", outcome="renewed")
    )
    assert busy("worker_slots_busy") in (1, 2)
    assert abs(time.time() - (busy("worker_last_message_timestamp_seconds") or 0)) < 60
    (tmp_path / "go").touch()

    seen = watch.until(
        lambda now: (
            (now("dead_letters_total") or 0) >= len(REASONS)
            and (now("tasks_failed_total") or 0) >= sum(failed for *_, failed in EXPECTED.values())
            and now("task_duplicates_total") == 2
            and now("tasks_revoked_total")
        )
    )
    ends = {task: tuple(seen(f"tasks_{end}_total", task=task, queue="short") for end in ENDS) for task in EXPECTED}
    assert ends == EXPECTED
    assert seen.samples["celery_dead_letters_total"] == {
        frozenset({"task": task, "queue": "short", "reason": reason}.items()): 1 for task, reason in REASONS.items()
    }
    assert seen("tasks_revoked_total", task="tests.effect", reason="expired") == 1
    for task in ("tests.exhausts_its_retries", "tests.kills_its_process"):
        assert seen("tasks_published_total", task=task) == 1  # its retry; the rest was published elsewhere
    held = [seen(f"{name}_total", task="tests.holds", queue="long") or 0 for name in OF_HELD]
    assert held[:2] == [1, 1]
    assert seen("tasks_started_total", task="tests.holds") == sum(held)
    assert seen("tasks_published_total", task="tests.holds") == held[2]
    assert seen("task_run_seconds_count", task="tests.effect") == 1
    assert seen("task_queue_seconds_count", task="tests.effect") == 2
    assert 0 < (seen("task_queue_seconds_sum", task="tests.effect") or 0) < 30
    processes = 2 + 1
    assert len(list(folder.rglob("*.db"))) <= 2 * (processes + 1)
    check_text(seen.text)


OF_HELD = ("tasks_succeeded", "task_duplicates", "task_deferrals")
"""How the runs of two tasks with one key end."""


@pytest.mark.slow
@on("redis-redis")
def test_threads_are_counted_like_processes(
    workers: Workers, services: dict[str, str], port: int, folder: Path, tmp_path: Path
) -> None:
    workers.stop()
    env = with_variables(services, {"OBSERVE": "metrics", "METRICS_PORT": port}) | {VARIABLE: str(folder)}
    with Threaded(env, tmp_path, workers.console) as worker:
        worker.wait(lambda: worker.lines("ready"))
        for _ in range(2):
            worker.call(publish, "tests.effect", tmp_path.name, str(tmp_path))  # its key is this test's alone
        worker.call(publish, "tests.fails", str(tmp_path), "fails")
        seen = Watch(worker, port).until(
            lambda now: now("task_duplicates_total") == 1 and now("dead_letters_total") and now("tasks_failed_total")
        )
        assert seen("worker_slots") == 1
        assert seen("tasks_succeeded_total") == seen("tasks_failed_total") == 1
        assert seen("tasks_started_total") == 3
    assert list(folder.iterdir()) == []


def test_a_worker_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    made = "import os; from runtime.observability import multiprocess as m; m.prepare(); print(os.environ[m.VARIABLE]"
    env = {**os.environ, "PYTHONPATH": str(SOURCE), VARIABLE: str(tmp_path)}
    lives = [sys.executable, "-c", f"{made}, flush=True); import time; time.sleep(60)"]
    ends = [sys.executable, "-c", f"{made})"]
    with subprocess.Popen(lives, env=env, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        left = Path(first.stdout.readline().strip())
        subprocess.run(ends, env=env, check=True, capture_output=True)
        assert list(tmp_path.iterdir()) == [left]  # the second one has removed its own
        first.kill()
    subprocess.run(ends, env=env, check=True, capture_output=True)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        taken = str(server.getsockname()[1])
        urls = {f"RUNTIME_{kind}_URL": "redis://127.0.0.1:1/0" for kind in ("BROKER", "IDEMPOTENCY", "RESULT")}
        env = {**os.environ, **VARIABLES, **urls, "RUNTIME_OBSERVE": "metrics", "RUNTIME_METRICS_PORT": taken}
        command = [sys.executable, "-c", f"from runtime.cli import main; main('{APP}')", "worker"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"runtime: expected port {taken} of 0.0.0.0 to be free for metrics, got: ")
    assert done.stderr.endswith("set RUNTIME_METRICS_PORT to another one for this process, or to 0 for none\n")
    assert len(done.stderr.splitlines()) == 1


def test_other_variables_that_cannot_work_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_METRICS_PORT", "70000")
    with pytest.raises(ConfigurationError, match="expected RUNTIME_METRICS_PORT to be valid"):
        MetricsSettings.read()
    monkeypatch.setenv(VARIABLE, "/nowhere")
    with pytest.raises(ConfigurationError, match=f"expected /nowhere to be a folder .*; set {VARIABLE} to one that"):
        prepare()


def test_a_worker_whose_processes_would_count_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "ValueClass", values.MutexValue)
    with pytest.raises(ConfigurationError, match="expected prometheus_client to be imported after runtime worker has"):
        Metrics()._serve("worker")


def test_a_service_without_metrics_imports_nothing_of_them(tmp_path: Path) -> None:
    seen = "print('prometheus_client' in sys.modules)"
    code = f"import sys, tests.runtime.service.app; {seen}; import runtime.observability.metrics; {seen}"
    env = {**os.environ, **VARIABLES, "RUNTIME_OBSERVE": ""}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert run.stdout.split() == ["False", "True"], run.stderr
    service = render(tmp_path / "service", {"service_name": "shop"})
    assert "prometheus" not in "".join(file.read_text() for file in service.rglob("*.py"))
    assert "prometheus" not in (service / "pyproject.toml").read_text()


def documented() -> dict[str, tuple[str, str, str]]:
    """By its name: type, labels and text of each metric in the documentation."""
    rows = re.findall(r"(?m)^\| `(celery_\w+)` \| (\w+) \| ([\w, ]*) \| (.+) \|$", DOCUMENTATION.read_text())
    return {name: tuple(rest) for name, *rest in rows}


def check_text(text: str) -> None:
    """What is served is as the documentation has it, and as Prometheus' own linter wants it, where that is there."""
    rows = documented()
    for family in text_string_to_metric_families(text):
        if family.name.startswith("celery_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            kind, labels, meaning = rows.get(name, ("undocumented", "", ""))
            assert (name, family.type, family.documentation) == (name, kind, meaning)
            for sample in family.samples:
                assert set(sample.labels) - {"le"} == set(labels.split(", ")) - {""}, name
    if PROMTOOL:
        done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_documented_is_in_the_code() -> None:
    code = "".join(file.read_text() for file in METRICS.glob("*.py"))
    quoted = set(re.findall(r'"(?:celery_)?([a-z_]+)"', code))
    stems = {name: name.removesuffix("_total").removeprefix("celery_") for name in documented()}
    assert len(stems) > 30
    missing = [
        name
        for name, stem in stems.items()
        if not {stem, stem.removeprefix("worker_"), stem.removeprefix("queue_")} & quoted
    ]
    assert missing == []


@pytest.mark.parametrize(
    "text",
    [
        "# HELP celery_jobs_total Jobs.\n# TYPE celery_jobs_total counter\ncelery_jobs_total 1\n",
        "# HELP celery_broker_up Whether it rains.\n# TYPE celery_broker_up gauge\ncelery_broker_up 1\n",
        "# HELP celery_broker_up Whether the broker answers.\n# TYPE celery_broker_up gauge\n"
        'celery_broker_up{task_id="1"} 1\n',
        pytest.param("# TYPE jobs counter\njobs 1\n", marks=pytest.mark.skipif(PROMTOOL is None, reason="no promtool")),
    ],
)
def test_an_offence_is_caught(text: str) -> None:
    with pytest.raises(AssertionError):
        check_text(text)
