"""`doctor` sees a sound service, and names what is not."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from runtime.brokers.rabbitmq.diagnostics import diagnose
from runtime.testing.processes import Console
from runtime.testing.servers.process import free_port, serving

from .combinations import on
from .conftest import VARIABLES


def test_the_doctor_finds_broker_store_and_tasks_as_they_have_to_be(new_console: Callable[..., Console]) -> None:
    findings = {finding["subject"]: finding for finding in new_console().command("doctor", "--json")}
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


def doctor(**variables: str) -> tuple[int, list[list[str]]]:
    """The exit code, and the lines: verdict, subject, detail."""
    command = [sys.executable, "-m", "runtime.testing.tasks", "doctor"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("RUNTIME_")}
    done = subprocess.run(command, env={**env, **VARIABLES, **variables}, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode, [re.split(r"\s{2,}", line, maxsplit=2) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not on PATH")
def test_a_fresh_redis_is_a_warning_in_development_and_a_failure_elsewhere(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}"
    fresh = ["redis-server", "--port", str(port), "--dir", str(tmp_path)]
    with serving(fresh, port, tmp_path / "redis.log"):
        urls = {f"RUNTIME_{kind}_URL": f"{url}/0" for kind in ("BROKER", "IDEMPOTENCY", "RESULT")}
        code, lines = doctor(**urls, RUNTIME_ENVIRONMENT="development")
        assert code == 0
        warned = {subject: detail for verdict, subject, detail in lines if verdict == "warn"}
        assert set(warned) == {"redis appendonly", "redis appendfsync"}
        for detail in warned.values():
            subprocess.run(detail.partition(": redis-cli")[2].join(["redis-cli", ""]).split(), check=True)
        assert [verdict for verdict, *_ in doctor(**urls)[1]] == ["ok"] * 6
    with serving(fresh, port, tmp_path / "redis.log"):
        for environment in ({}, {"RUNTIME_ENVIRONMENT": "staging"}):
            code, lines = doctor(**urls, **environment)
            assert code == 1
            failed = [detail for verdict, _, detail in lines if verdict == "FAIL"]
            assert len(failed) == 2
            assert all("(RUNTIME_ENVIRONMENT=development makes this a warning)" in detail for detail in failed)


def test_one_error_is_under_one_heading() -> None:
    port = free_port()
    urls = dict.fromkeys(
        ("RUNTIME_BROKER_URL", "RUNTIME_IDEMPOTENCY_URL", "RUNTIME_RESULT_URL"), f"redis://127.0.0.1:{port}"
    )
    code, lines = doctor(**urls)
    assert code == 1
    assert [verdict for verdict, *_ in lines] == ["ok", "FAIL", "FAIL"]
    assert [str(port) in detail for _, _, detail in lines] == [False, True, False]
    assert lines[2][1:] == ["idempotency store", "not asked, since it is on the server of the broker"]


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
