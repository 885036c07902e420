"""`doctor` sees a sound service, and names what is not."""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runtime.testing.processes import Workers
from runtime.testing.servers.process import free_port, serving
from runtime.testing.servers.redis import redis_command

from .combinations import on
from .conftest import VARIABLES

MANAGED = {"rabbitmq.conf", "rabbitmq policies", "rabbitmq memory"}
"""What RabbitMQ does not tell without its management plugin."""

UNTOLD = {
    f"redis {each}" for each in ("info", "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy")
}
"""What fakeredis does not tell."""


def test_the_doctor_finds_broker_store_and_tasks_as_they_have_to_be(workers: Workers) -> None:
    findings = {finding["subject"]: finding for finding in workers.console.command("doctor", "--json")}
    assert {"tasks", "container memory", "broker", "idempotency store", "result backend"} < set(findings)
    findings.pop("outbox", None)  # other tests leave messages in it
    assert {subject for subject, finding in findings.items() if not finding["ok"] or finding["warning"]} == set()
    unknown = {subject for subject, finding in findings.items() if finding["unknown"]}
    fake = "rabbitmq version" not in findings and not shutil.which("redis-server")
    assert unknown == (UNTOLD if fake else MANAGED if "rabbitmq version" in findings else set())


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


def doctor(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runtime.testing.tasks", "doctor", *options]
    env = {name: value for name, value in os.environ.items() if not name.startswith("RUNTIME_")}
    done = subprocess.run(command, env={**env, **VARIABLES, **variables}, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done


def findings(**variables: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what was found by its subject."""
    done = doctor("--json", **variables)
    return done.returncode, {finding["subject"]: finding for finding in json.loads(done.stdout)}


def failed(found: dict[str, dict[str, Any]]) -> set[str]:
    return {subject for subject, finding in found.items() if not finding["ok"]}


needs_redis = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not on PATH")


@needs_redis
def test_a_fresh_redis_is_a_warning_in_development_and_a_failure_elsewhere(tmp_path: Path) -> None:
    port = free_port()
    urls = {f"RUNTIME_{kind}_URL": f"redis://127.0.0.1:{port}/0" for kind in ("BROKER", "IDEMPOTENCY", "RESULT")}
    with serving(["redis-server", "--port", str(port), "--dir", str(tmp_path)], port, tmp_path / "redis.log"):
        code, found = findings(**urls, RUNTIME_ENVIRONMENT="staging")
        assert (code, failed(found)) == (1, {"redis appendonly", "redis appendfsync"})
        hint = "(RUNTIME_ENVIRONMENT=development makes this a warning)"
        assert all(hint in found[subject]["detail"] for subject in failed(found))
        done = doctor(**urls, RUNTIME_ENVIRONMENT="development")
        assert done.returncode == 0
        warned = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("warn ")]
        assert warned == ["appendonly", "appendfsync"]
        for command in re.findall("(?m)^ +[$] (.*)", done.stdout):
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
        assert {line.split()[0] for line in doctor(**urls).stdout.splitlines()} == {"ok"}


@needs_redis
def test_the_store_s_own_server_is_asked_too_and_the_one_of_results_is_reached(tmp_path: Path) -> None:
    ports = {"BROKER": free_port(), "IDEMPOTENCY": free_port()}
    with ExitStack() as stack:
        for kind, port in ports.items():
            (tmp_path / kind).mkdir()
            wrong = ["--maxmemory-policy", "volatile-lru"] if kind == "IDEMPOTENCY" else []
            command = [*redis_command("redis-server", port, tmp_path / kind), *wrong]
            stack.enter_context(serving(command, port, tmp_path / kind / "redis.log"))
        away = {"RESULT": free_port()}
        code, found = findings(
            **{f"RUNTIME_{kind}_URL": f"redis://127.0.0.1:{port}" for kind, port in (ports | away).items()}
        )
    assert (code, failed(found)) == (1, {"store maxmemory-policy", "result backend"})
    assert "else keys are dropped when memory is full" in found["store maxmemory-policy"]["detail"]
    assert "expected the server at RUNTIME_RESULT_URL to answer, got: " in found["result backend"]["detail"]


def test_one_error_is_under_one_heading(tmp_path: Path) -> None:
    port = free_port()
    code, found = findings(
        RUNTIME_BROKER_URL=f"redis://127.0.0.1:{port}",
        RUNTIME_IDEMPOTENCY_URL=f"redis://127.0.0.1:{port}",
        RUNTIME_RESULT_URL=f"sqlite:///{tmp_path}/results",
    )
    assert code == 1
    assert list(found)[:4] == ["tasks", "container memory", "broker", "idempotency store"]
    assert failed(found) == {"broker", "idempotency store"}
    assert str(port) in found["broker"]["detail"]
    assert found["broker"]["detail"].endswith("; start it, or correct the URL (user and password too)")
    assert found["idempotency store"]["detail"] == "not asked, since it is on the server of the broker"
