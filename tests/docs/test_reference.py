"""The reference has all that the code has."""

import re
from pathlib import Path

import pytest

from runtime.options import CELERY_OPTIONS
from tests.template.golden import RUNTIME
from tests.template.rendering import ROOT

from .reference import pages
from .reference.markdown import documented_fields, table
from .reference.settings import CLASSES


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    return {Path(name).stem: text for name, text in pages().items()}


def rows(text: str) -> list[list[str]]:
    """The cells of all tables but for their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_class_of_variables_is_there_and_each_variable_is_told(reference: dict[str, str]) -> None:
    reading = {
        (file.relative_to(RUNTIME).as_posix(), found)
        for file in RUNTIME.rglob("*.py")
        for found in re.findall(r"^class (\w+)\(Environment\):", file.read_text(), re.MULTILINE)
    }
    assert reading == set(CLASSES.values())
    assert [row[0] for row in rows(reference["settings"]) if not row[2]] == []


def test_every_option_that_celery_does_not_know_is_told(reference: dict[str, str]) -> None:
    options = rows(reference["task-options"])
    names = [row[0].strip("`") for row in options]
    own = names[: names.index("name")]
    assert {"work_queue", "idempotency", "key", "every"} <= set(own)
    assert [name for name in names if name not in CELERY_OPTIONS and name not in own] == []
    assert [row[0] for row in options if not row[2]] == []


def test_every_alert_of_the_template_is_there(reference: dict[str, str]) -> None:
    template = (ROOT / "template/service/monitoring/alerts.yaml.jinja").read_text()
    alerts = re.findall(r"- alert: (\w+)", template)
    assert re.findall(r"^## (\w+)$", reference["alerts"], re.MULTILINE) == alerts


def test_every_command_and_every_rule_is_there(reference: dict[str, str]) -> None:
    for command in ("asyncgen new", "asyncgen contract diff", "asyncgen template sync"):
        assert f"\n## {command}\n\n```text\nUsage: {command} " in reference["commands"]
    for command in ("myservice worker", "myservice dead replay"):
        assert f"\n## {command}\n\n```text\nUsage: {command} " in reference["service-commands"]
    assert not re.search(r"RUNTIME_|runtime [a-z ]+\[OPTIONS", reference["service-commands"])
    assert "\n## ACG101 blocking-result\n" in reference["rules"]
    assert not re.search(r"^(Bad|Good):\n    ", reference["rules"], re.MULTILINE)


def test_the_text_below_a_field_is_its_own(tmp_path: Path) -> None:
    told = '    b: int\n    """Of b,\n    in two lines."""\n'
    source = f'class A:\n    """Of the class."""\n    a: int = 1\n{told}    c = 1\n    """Of c."""\n'
    (tmp_path / "a.py").write_text(source)
    assert [text for _, text in documented_fields(tmp_path / "a.py", "A")] == ["", "Of b,\nin two lines."]


def test_a_cell_holds_bars_and_lines() -> None:
    assert table(["a"], [["x | y\nz"]]) == "| a |\n| --- |\n| x \\| y z |\n"
