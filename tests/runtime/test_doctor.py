"""`doctor` sees a sound service, and names what is not."""

import json
import subprocess
import sys
from typing import Any

PREFIX = "{{ package | upper }}_"


def examined(env: dict[str, str]) -> dict[str, Any]:
    """The findings by subject."""
    command = [sys.executable, "-m", "{{ package }}", "doctor", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == (0 if all(finding["well"] for finding in findings.values()) else 1), done.stderr
    return findings


def test_the_doctor_finds_broker_store_and_tasks_well(services: dict[str, str]) -> None:
    findings = examined(services)
    for subject in ("tasks", "broker", "idempotency store"):
        assert findings[subject]["well"], findings


def test_the_doctor_names_the_variable_that_is_not_set(services: dict[str, str]) -> None:
    findings = examined({**services, f"{PREFIX}BROKER_URL": "", f"{PREFIX}IDEMPOTENCY_URL": ""})
    assert f"{PREFIX}BROKER_URL" in findings["broker"]["says"]
    assert f"{PREFIX}IDEMPOTENCY_URL" in findings["idempotency store"]["says"]
