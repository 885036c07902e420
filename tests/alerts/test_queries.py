"""What can be seen without Prometheus: each query is one, of this service alone, and the runbook knows each alert."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from promql_parser import Expr, VectorSelector, parse, walk

from runtime.testing.servers import running
from tests.template.rendering import ROOT

from .series import FAULTS


def rules(service: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load((service / "monitoring/alerts.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels(service: Path) -> list[dict[str, Any]]:
    dashboard = json.loads((service / "monitoring/dashboard.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(service: Path) -> Iterator[str]:
    """All of them; Grafana puts an interval for its variable."""
    yield from (rule["expr"] for rule in rules(service))
    for panel in panels(service):
        yield from (target["expr"].replace("$__rate_interval", "1m") for target in panel["targets"])


def selectors(query: str) -> list[VectorSelector]:
    """What a query selects; raises ValueError where it is none."""
    found: list[VectorSelector] = []

    def note(part: Expr) -> None:
        if isinstance(part, VectorSelector):
            found.append(part)

    walk(parse(query), note)
    return found


def test_each_query_parses_and_is_about_this_service_alone(service: Path) -> None:
    for query in queries(service):
        for selector in selectors(query):
            assert ("job", "shop") in {(each.name, each.value) for each in selector.matchers.matchers}, query


@pytest.mark.parametrize(
    "query", ["rate(celery_tasks_started_total[1m", "celery_broker_up{job=shop}", "sum by celery_x"]
)
def test_a_bad_query_is_caught(query: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        selectors(query)


@pytest.mark.skipif(
    not (shutil.which("redis-server") or os.environ.get("CI")),
    reason="redis-server is not on PATH, and fakeredis does not tell its memory",
)
@pytest.mark.parametrize("service", ["all rules"], indirect=True)
def test_each_query_asks_for_what_the_processes_export(service: Path, tmp_path: Path) -> None:
    source = shutil.copytree(service, tmp_path / "shop")
    for tasks in ("broken_tasks.py", "broken_circuit.py"):
        shutil.copy(Path(__file__).with_name(tasks), source / "src/shop/tasks")
    with running(tmp_path, {"SHOP_BROKER_URL": "redis", "SHOP_IDEMPOTENCY_URL": "postgresql"}, {}) as urls:
        path = os.pathsep.join([str(ROOT / "tests/absent"), str(source / "src"), str(ROOT)])
        env = {**os.environ, **urls, "PYTHONPATH": path, "SHOP_MENDED": str(tmp_path / "mended")}
        command = [sys.executable, "-m", "tests.alerts.exported"]
        exported = set(json.loads(subprocess.check_output(command, cwd=source, env=env, timeout=60)))
    asked = {selector.name for query in queries(service) for selector in selectors(query)} - {"ALERTS"}
    assert len(asked) > 25
    assert not asked - exported


def test_the_rules_are_those_of_the_answers(service: Path) -> None:
    left_out = {
        "CeleryCircuitOpen": "breaker.py",
        "CeleryScheduleLate": "cli/beat.py",
        "CeleryRelayBehind": "relay.py",
    }
    runtime = service / "src/shop/runtime"
    expected = {each.alert for each in FAULTS.values()}
    expected -= {alert for alert, part in left_out.items() if not (runtime / part).exists()}
    names = [rule["alert"] for rule in rules(service)]
    assert len(names) == len(set(names)) == len(expected)
    assert set(names) == expected


def test_each_alert_has_a_severity_words_and_its_section_of_the_runbook(service: Path) -> None:
    runbook = (service / "monitoring/RUNBOOK.md").read_text()
    sections = dict(re.findall(r"(?ms)^## (\w+)$(.*?)(?=^## |\Z)", runbook))
    for rule in rules(service):
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert rule["annotations"]["runbook"] == f"monitoring/RUNBOOK.md#{rule['alert'].lower()}"
        for part in ("Means", "Look at", "Type"):
            assert f"**{part}**: " in sections[rule["alert"]], rule["alert"]
    assert sections.keys() == {rule["alert"] for rule in rules(service)}


def test_causes_come_before_what_waits_for_them(service: Path) -> None:
    names = [rule["alert"] for rule in rules(service)]
    for place, rule in enumerate(rules(service)):
        for each in re.findall(r'alertname=~"([^"]*)"', rule["expr"]):
            assert set(each.split("|")) <= set(names[:place])


def test_the_runbook_types_commands_of_the_service(service: Path) -> None:
    commands = {file.stem for file in (service / "src/shop/runtime/cli").glob("[a-z]*.py")} | {"metrics", "top"}
    typed = re.findall(r"`shop ([a-z]+)", (service / "monitoring/RUNBOOK.md").read_text())
    assert typed
    assert set(typed) <= commands


def test_the_panels_of_the_dashboard_neither_overlap_nor_lack_a_query(service: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(service):
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["targets"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    identifiers = [panel["id"] for panel in panels(service)]
    assert len(identifiers) == len(set(identifiers))


def test_the_scrape_configuration_goes_with_compose(service: Path) -> None:
    file = service / "monitoring/prometheus.yml"
    assert file.exists() == (service / "compose.yaml").exists()
    if file.exists():
        configuration = yaml.safe_load(file.read_text())
        assert [each["job_name"] for each in configuration["scrape_configs"]] == ["shop"]
        assert configuration["rule_files"] == ["alerts.yaml"]


@pytest.mark.parametrize("service", ["all rules"], indirect=True)
def test_the_cluster_gets_the_same_rules_and_as_many_samples(service: Path) -> None:
    monitor, rule = yaml.safe_load_all((service / "kubernetes/monitoring.yaml").read_text())
    assert rule["spec"] == yaml.safe_load((service / "monitoring/alerts.yaml").read_text())
    scraped = yaml.safe_load((service / "monitoring/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert {each["interval"] for each in monitor["spec"]["podMetricsEndpoints"]} == {scraped}
