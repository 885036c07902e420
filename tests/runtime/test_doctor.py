"""`doctor` sees a sound service, and names what is not."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from runtime.brokers.rabbitmq.diagnostics import diagnose
from runtime.testing.processes import Workers

from .combinations import on


def test_the_doctor_finds_broker_store_and_tasks_as_they_have_to_be(workers: Workers) -> None:
    findings = {finding["subject"]: finding for finding in workers.console.command("doctor", "--json")}
    assert {"tasks", "broker", "idempotency store"} < set(findings)
    assert all(finding["ok"] for finding in findings.values())


@on("redis-redis")
def test_the_doctor_names_the_variable_that_is_not_set(services: dict[str, str]) -> None:
    command = [sys.executable, "-m", "runtime.testing.tasks", "doctor", "--json"]
    env = {**services, "RUNTIME_BROKER_URL": "", "RUNTIME_IDEMPOTENCY_URL": ""}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert findings["tasks"]["ok"]
    assert not findings["broker"]["ok"]
    assert "RUNTIME_BROKER_URL" in findings["broker"]["detail"]
    assert "RUNTIME_IDEMPOTENCY_URL" in findings["idempotency store"]["detail"]


@on("rabbitmq-sql")
def test_the_doctor_compares_the_consumer_timeout_with_the_file_that_the_server_gets(
    services: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app: Any = SimpleNamespace(connection_for_write=lambda: Connection(services["RUNTIME_BROKER_URL"]))
    monkeypatch.chdir(tmp_path)

    def finding(subject: str, longest: int = 1510, timeout: int = 1800) -> tuple[bool, str]:
        (found,) = [each for each in diagnose(app, longest, timeout) if each.subject == subject]
        return found.ok, found.detail

    assert finding("rabbitmq version")[0]
    assert finding("rabbitmq.conf") == (True, "not here; the server's own has to say 1800000")
    (tmp_path / "rabbitmq.conf").write_text("consumer_timeout = 1800000\n")
    assert finding("rabbitmq.conf") == (True, "consumer_timeout = 1800000")
    assert finding("consumer timeout")[0]
    assert not finding("consumer timeout", longest=1800)[0]
    ok, detail = finding("rabbitmq.conf", timeout=2000)
    assert not ok
    assert "expected consumer_timeout = 2000000" in detail
