"""What users put between the template's lines, in every structured file of a real service, and then an update: no
conflict, all of it is still there, and the rest is what a fresh service has.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import Ran, commit, git

from .histories import overlay

Command = Callable[..., Ran]

SERVICE = """\
  # Mine: {0}
  {0}:
    image: {0}:1 # mine
    ports: ["8081:8081"]
    depends_on: [redis]

"""
OWN = ("first", "middle", "last")
ADDED: dict[str, list[tuple[str, str]]] = {
    "compose.yaml": [
        ("  worker-critical:\n", SERVICE.format("first")),
        ("  worker-bulk:\n", SERVICE.format("middle")),
        ("\nvolumes:\n", "\n" + SERVICE.format("last").removesuffix("\n")),
    ],
    "src/shop/queues.py": [
        ("    BULK = ", '    # mine\n    REPORTS = QueueClass("reports", max_runtime=600) # mine\n'),
    ],
    ".github/workflows/ci.yml": [("      - run: make test\n", "      - run: make docs # mine\n")],
    "pyproject.toml": [
        ('    "kombu', '    "httpx>=0.28", # mine\n'),
        ('    "redis', '    "requests>=2.32", # mine\n'),
        ("[tool.ruff]\n", "# Mine\n[tool.mine]\nx = 1\n\n"),
    ],
}
"""What is added to each file, and in front of what."""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A repository of the working tree's template."""
    folder = tmp_path / "real"
    folder.mkdir()
    git(folder, "init", "--quiet")
    overlay(folder)
    commit(folder)
    return folder


@pytest.fixture
def grown(template: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service with additions in every structured file."""
    monkeypatch.chdir(tmp_path)
    assert asyncgen("new", "shop", "--defaults", "--template", str(template), "-d", "queue_layout=priority").code == 0
    for path, additions in ADDED.items():
        for place, text in additions:
            insert(tmp_path / "shop" / path, place, text)
    commit(tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def insert(file: Path, place: str, text: str) -> None:
    before = file.read_text()
    assert before.count(place) == 1, place
    file.write_text(before.replace(place, text + place))


@pytest.mark.parametrize(
    "change",
    [
        "scheduler=true",
        "queue_layout=latency",
        pytest.param("queue_layout=single", marks=pytest.mark.slow),
        pytest.param("idempotency_store=postgresql", marks=pytest.mark.slow),
        pytest.param("broker=rabbitmq", marks=pytest.mark.slow),
        pytest.param("results=postgresql", marks=pytest.mark.slow),
    ],
)
def test_additions_stay_when_an_answer_changes(change: str, grown: Path, template: Path, asyncgen: Command) -> None:
    ran = asyncgen("update", "-d", change)
    assert ran.code == 0, ran.out + ran.err
    check(grown, template, asyncgen, "-d", change)


def test_additions_stay_beside_lines_of_a_newer_release(grown: Path, template: Path, asyncgen: Command) -> None:
    service = template / "template/service"
    insert(
        template / "copier.yml",
        '        {"name": "bulk", "max_runtime": 1500},\n',
        '        {"name": "fast", "max_runtime": 9},\n',
    )
    compose = next(service.glob("*compose.yaml*"))
    insert(compose, "{% if scheduler %}\n", "  exporter:\n    image: exporter\n\n")
    compose.write_text(compose.read_text().replace("image: redis:8", "image: redis:9"))
    workflow = next(service.glob("*github*/workflows/ci.yml*"))
    insert(workflow, "      - run: make test\n", "      - run: make types\n")
    project = service / "pyproject.toml.jinja"
    insert(project, '    "kombu', '    "humanize>=4",\n')
    project.write_text(project.read_text().replace('"redis>=8.1"', '"redis>=8.2"'))
    commit(template)
    ran = asyncgen("update")
    assert ran.code == 0, ran.out + ran.err
    check(grown, template, asyncgen)


def check(project: Path, template: Path, asyncgen: Command, *changes: str) -> None:
    """The additions stand as they were written, and without them the files say what those of a fresh service say."""
    for path, additions in ADDED.items():
        assert all(text in (project / path).read_text() for _, text in additions), path
    assert asyncgen("sync-queues").out.startswith("Nothing to do for ")
    fresh = project.parent / "fresh/shop"
    fresh.parent.mkdir()
    answers = ("-d", "queue_layout=priority", *changes)
    assert asyncgen("new", str(fresh), "--defaults", "--template", str(template), *answers).code == 0

    workers = [f"worker-{name}" for name in re.findall(r' = QueueClass\("(\w+)"', table(project))]
    compose, expected = parsed(project, "compose.yaml"), parsed(fresh, "compose.yaml")
    for name in OWN:
        assert compose["services"].pop(name)["ports"] == ["8081:8081"]
    assert all(compose["services"].pop(name.replace("_", "-"))["command"][0] == "worker" for name in workers)
    expected["services"] = {name: s for name, s in expected["services"].items() if not name.startswith("worker-")}
    assert compose == expected
    assert set(re.findall(" [A-Z].* = .*", table(fresh))) <= set(re.findall(" [A-Z].* = .*", table(project)))

    workflow = parsed(project, ".github/workflows/ci.yml")
    workflow["jobs"]["test"]["steps"].remove({"run": "make docs"})
    assert workflow == parsed(fresh, ".github/workflows/ci.yml")

    settings, expected = parsed(project, "pyproject.toml"), parsed(fresh, "pyproject.toml")
    assert settings["tool"].pop("mine") == {"x": 1}
    for name in ("httpx>=0.28", "requests>=2.32"):
        settings["project"]["dependencies"].remove(name)
    assert settings == expected


def table(project: Path) -> str:
    return (project / "src/shop/queues.py").read_text()


def parsed(project: Path, path: str) -> Any:
    text = (project / path).read_text()
    return tomllib.loads(text) if path.endswith(".toml") else yaml.safe_load(text)
