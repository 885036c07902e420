"""A real worker reports to a real HTTP server: an event for each dead letter, a check-in for each scheduled run."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sentry_sdk.utils import event_from_exception

from runtime import ConfigurationError
from runtime.observability.sentry import Sentry
from runtime.observability.sentry_events import check_in_event, without_secrets
from runtime.observability.settings import observability_settings
from runtime.testing import Worker

from ..combinations import on
from ..service.app import app
from ..service.calls import dead_reasons, publish, send_unchecked
from ..test_beat import beat
from .endpoints import Collector, SentryEndpoint

SECRET = "4929-planted-secret"
SLOT = "tests.report@2000-01-01T03:00:00Z"

Start = Callable[..., Worker]


@on("redis-redis")
def test_each_dead_letter_is_one_event_and_each_scheduled_run_a_check_in(
    start: Start, sentry: SentryEndpoint, collected: Collector, tmp_path: Path
) -> None:
    report_everything(start, sentry, collected, tmp_path)


@pytest.mark.slow
@on("rabbitmq-sql", "redis-sql")
def test_reports_on_the_other_servers(
    start: Start, sentry: SentryEndpoint, collected: Collector, tmp_path: Path
) -> None:
    report_everything(start, sentry, collected, tmp_path)


def report_everything(start: Start, sentry: SentryEndpoint, collected: Collector, folder: Path) -> None:
    """Let tasks die in every process of a worker, and run what is scheduled."""
    worker = start(
        RUNTIME_OBSERVE="sentry traces",
        RUNTIME_SENTRY_DSN=sentry.url,
        RUNTIME_SENTRY_MESSAGES=True,
        RUNTIME_REPORT_FAILS=folder / "report_fails",
    )
    where = str(folder)
    worker.call(publish, "tests.report", headers={"celery_beat_task": True})
    worker.wait(lambda: sentry.items("check_in"))
    (folder / "report_fails").touch()
    unknown = str(uuid.uuid4())
    died = {
        worker.call(publish, "tests.observed", where, SECRET): ("tests.observed", "OperationalError"),
        worker.call(publish, "tests.overruns", where, "overruns"): ("tests.overruns", "TimeLimitExceeded"),
        worker.call(publish, "tests.kills_its_process", where, "k"): ("tests.kills_its_process", "WorkerLostError"),
        worker.call(publish, "tests.report", task_id=SLOT): ("tests.report", "ValueError"),
        unknown: ("unknown", "NotRegistered"),
    }
    worker.call(send_unchecked, "tests.nowhere", [SECRET], unknown)
    for task_id in died:
        worker.wait(lambda task_id=task_id: worker.call(dead_reasons, task_id))  # type: ignore[misc]
    worker.wait(lambda: len(sentry.items("event")) >= len(died) and len(sentry.items("check_in")) >= 2)
    worker.process.terminate()  # whatever waits is sent before it ends
    assert worker.process.wait(30) == 0

    events = sentry.items("event")
    tags = [each["tags"] for each in events]
    assert Counter((each["task_id"], each["task"], each["reason"]) for each in tags) == Counter(
        (task_id, *tells) for task_id, tells in died.items()
    )
    assert {each["queue"] for each in tags} == {"short"}
    (event,) = (each for each in events if each["transaction"] == "tests.observed")
    last = event["exception"]["values"][-1]
    assert "INSERT INTO nowhere VALUES (?)]\n[parameters: hidden]" in last["value"]
    in_app = [each["function"] for each in last["stacktrace"]["frames"] if each["in_app"]]
    assert "observed" in in_app
    assert "__call__" not in in_app, "the runtime's own frames are not the owner's"
    assert event["fingerprint"] == ["{{ default }}", "tests.observed"]
    ok, failed = sentry.items("check_in")
    assert (ok["status"], failed["status"]) == ("ok", "error")
    assert ok["monitor_slug"] == failed["monitor_slug"] == "runtime-report"
    assert ok["monitor_config"]["schedule"] == {"type": "crontab", "value": "0 3 * * *"}
    for body in (*sentry.bodies, *collected.bodies):
        assert SECRET.encode() not in body


@pytest.mark.slow
@on("redis-redis", "rabbitmq-redis")
def test_what_beat_publishes_ends_in_a_check_in(start: Start, sentry: SentryEndpoint, tmp_path: Path) -> None:
    worker = start(RUNTIME_OBSERVE="sentry", RUNTIME_SENTRY_DSN=sentry.url, RUNTIME_TICK="1m")
    with beat(worker, tmp_path / "beat"):
        worker.wait(lambda: sentry.items("check_in"), timeout=150)
    (check_in,) = sentry.items("check_in")
    assert (check_in["monitor_slug"], check_in["status"]) == ("runtime-tick", "ok")
    assert check_in["monitor_config"]["schedule"] == {"type": "interval", "value": 1, "unit": "minute"}
    assert check_in["duration"] > 0


# ---- in this process ----


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets variables of the service; what was read of them is forgotten."""

    def set_them(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"RUNTIME_{name}", value)
        observability_settings.cache_clear()

    yield set_them
    observability_settings.cache_clear()


def planted() -> Any:
    """An event with the secret in every place that Sentry has for one."""
    local = SECRET
    try:
        raise ValueError(f"refused {local}, at amqp://user:{local}@host:1//")
    except ValueError as error:
        options = {"include_local_variables": True, "include_source_context": True, "max_value_length": 1000}
        event: Any = event_from_exception(error, client_options=options)[0]
    event |= {"request": {"data": local}, "extra": {"celery-job": [local]}, "user": {"id": local}, "message": local}
    event |= {"breadcrumbs": {"values": [{"message": local}]}, "contexts": {"trace": {"data": local}}}
    event["exception"]["values"][0]["mechanism"] = {"meta": local}
    assert str(event).count(SECRET) >= 10
    return event


def test_nothing_that_may_be_secret_is_sent() -> None:
    sent = without_secrets(planted(), {})
    assert SECRET not in str(sent)
    (value,) = sent["exception"]["values"]
    assert value["type"] == "ValueError"
    assert (
        value["stacktrace"]["frames"][-1]["context_line"].strip()
        == 'raise ValueError(f"refused {local}, at amqp://user:{local}@host:1//")'
    )


def test_a_text_is_sent_where_the_owner_says_so_without_its_passwords(variables: Callable[..., None]) -> None:
    variables(SENTRY_MESSAGES="true")
    sent = without_secrets(planted(), {})
    assert sent["exception"]["values"][0]["value"] == f"refused {SECRET}, at amqp://user:**@host:1//"
    assert str(sent).count(SECRET) == 1


@pytest.mark.parametrize(
    "dsn", ["localhost", "https://sentry.example/1", "https://key@sentry.example/project", "https://key@[::/1"]
)
def test_a_wrong_dsn_is_refused(variables: Callable[..., None], dsn: str) -> None:
    variables(SENTRY_DSN=dsn)
    with pytest.raises(
        ConfigurationError, match=r"expected RUNTIME_SENTRY_DSN to be a DSN such as .*, got: .*; copy it"
    ):
        Sentry().install(app)


@pytest.mark.parametrize(
    ("every", "schedule"),
    [
        ("*/5 8-18 * * mon-fri", {"type": "crontab", "value": "*/5 8-18 * * mon-fri"}),
        ("2h", {"type": "interval", "value": 120, "unit": "minute"}),
        ("30s", None),
        ("90s", None),
    ],
)
def test_a_schedule_in_the_form_of_sentry(
    monkeypatch: pytest.MonkeyPatch, every: str, schedule: dict[str, Any] | None
) -> None:
    report: Any = app.tasks["tests.report"]
    monkeypatch.setattr(type(report), "every", every)
    event = check_in_event({"environment": "production", "release": "1"}, report, SLOT, "ok", 1.0)
    assert (event and event["monitor_config"]["schedule"]) == schedule
