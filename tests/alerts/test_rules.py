"""The rendered rules, against series: each fault raises its alert at its second, and no other one at any time."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .series import CLEAN, END, FAULTS, PLANTED, STEP, Fault, well

ALERTS = sorted({fault.alert for fault in FAULTS.values()})
pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="expected promtool on PATH, got: none; install prometheus"
)


def test_each_fault_raises_its_alert_in_time_and_no_other_one(service: Path, tmp_path: Path) -> None:
    for kind, name in (("rules", "alerts.yaml"), ("config", "prometheus.yml")):
        if (file := service / "monitoring" / name).exists():
            checked = subprocess.run(["promtool", "check", kind, file], capture_output=True, text=True)
            assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool_test((service / "monitoring/alerts.yaml").read_text(), tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert max(fault.after for fault in FAULTS.values()) <= 60


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("for: 25s", "for: 20s", "backlog grows"),
        ("|CeleryBacklogGrows", "", "backlog grows"),
        ("CeleryQueueWithoutWorker|", "", "no worker on a queue"),
        ("CeleryWorkerDeaf|", "", "deaf worker"),
        ("CeleryPoolStuck|", "", "pool stuck"),
        ("|CeleryRetryStorm", "", "retry storm"),
        ("|CeleryDuplicateStorm", "", "duplicate storm"),
        ('unless on (job) max by (job) (celery_broker_up{job="shop"}) == 0', "", "the broker is away"),
        ('celery_queue_dead_letters{job="shop"}', "celery_queue_dead_letters", "dead letters arrive"),
    ],
)
@pytest.mark.parametrize("service", ["all rules"], indirect=True)
def test_a_wrong_rule_is_caught(right: str, wrong: str, fault: str, service: Path, tmp_path: Path) -> None:
    rules = (service / "monitoring/alerts.yaml").read_text()
    assert right in rules
    tested = promtool_test(rules.replace(right, wrong), tmp_path, {fault: FAULTS[fault]}, {})
    assert "got:" in tested.stdout + tested.stderr


def promtool_test(
    rules: str, folder: Path, faults: Mapping[str, Fault] = FAULTS, clean: Mapping[str, Mapping[str, str]] = CLEAN
) -> "subprocess.CompletedProcess[str]":
    """Run the clean cases, and each of the faults that one of the rules is for."""
    document = yaml.safe_load(rules)
    severity = {}
    for group in document["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]  # they tell a value, which differs with each second
            severity[rule["alert"]] = rule["labels"]["severity"]
    (folder / "alerts.yaml").write_text(yaml.safe_dump(document))
    cases = [case(name, changes, "", {}, 0) for name, changes in clean.items()]
    for name, fault in faults.items():
        if fault.alert in severity:
            labels = {"job": "shop", "severity": severity[fault.alert], **fault.labels}
            cases.append(case(name, fault.changes, fault.alert, labels, fault.after))
    tests = {"rule_files": ["alerts.yaml"], "evaluation_interval": f"{STEP}s", "tests": cases}
    (folder / "tests.yaml").write_text(yaml.safe_dump(tests))
    return subprocess.run(["promtool", "test", "rules", "tests.yaml"], cwd=folder, capture_output=True, text=True)


def case(name: str, changes: Mapping[str, str], alert: str, labels: Mapping[str, str], after: int) -> dict[str, Any]:
    """One test: what fires at each evaluation. Another service, with many faults, is in the same Prometheus."""
    others = {each: values for fault in FAULTS.values() for each, values in fault.changes.items()}
    series = {of("other", each): values for each, values in others.items()}
    series |= {of("shop", each): values for each, values in {**well(), **changes}.items()}
    fires = [{"exp_labels": labels}]
    return {
        "name": name,
        "interval": f"{STEP}s",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "alert_rule_test": [
            {
                "eval_time": f"{second}s",
                "alertname": each,
                "exp_alerts": fires if each == alert and second >= PLANTED + after else [],
            }
            for second in range(PLANTED - 2 * STEP, END + 1, STEP)
            for each in ALERTS
        ],
    }


def of(job: str, series: str) -> str:
    """A series of a job."""
    return series.replace("{", f'{{job="{job}",')
