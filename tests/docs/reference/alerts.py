"""The alerts, from a rendered service that has all of them."""

import re
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.template.rendering import render

from .markdown import code

__all__ = ["page"]

ALL = {
    "package": "myservice",
    "idempotency_store": "postgresql",
    "scheduler": True,
    "observe": ["metrics"],
    "deploy": [],
}
"""Answers with which no rule is left out."""

HEAD = """# Alerts

The rules of `monitoring/alerts.yaml`, with their sections of `monitoring/RUNBOOK.md`, as a service on Redis and
PostgreSQL with a schedule has them. [One fault, one alert](../alerts.md) tells how they were measured.

"""


def page() -> str:
    """A section for each alert."""
    with tempfile.TemporaryDirectory() as folder:
        monitoring = render(Path(folder) / "myservice", ALL) / "monitoring"
        groups = yaml.safe_load((monitoring / "alerts.yaml").read_text())["groups"]
        runbook = (monitoring / "RUNBOOK.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n\n(.*?)(?=^## |\Z)", runbook, re.MULTILINE | re.DOTALL))
    return HEAD + "\n".join(_section(rule, sections[rule["alert"]]) for group in groups for rule in group["rules"])


def _section(rule: dict[str, Any], runbook: str) -> str:
    severity, wait = rule["labels"]["severity"], rule.get("for", "at once")
    head = f"## {rule['alert']}\n\nSeverity: {severity}. `for`: {wait}."
    return f"{head}\n\n{code('promql', rule['expr'])}\n{runbook.strip()}\n"
