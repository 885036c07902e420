"""Every answer of the real template changed later, on a service with tasks and a queue of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import Ran, commit, git

from .histories import overlay
from .planted import snapshot

Command = Callable[..., Ran]


@pytest.fixture
def living(tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A service of the working tree's template that has grown."""
    template = tmp_path / "real"
    template.mkdir()
    git(template, "init", "--quiet")
    overlay(template)
    commit(template)
    monkeypatch.chdir(tmp_path)
    assert asyncgen("new", "shop", "--defaults", "--template", str(template)).code == 0
    monkeypatch.chdir(tmp_path / "shop")
    assert asyncgen("add-queue", "reports", "--longest", "600").code == 0
    assert asyncgen("add-task", "make_report", "--queue", "reports", "--expected", "100", "--defaults").code == 0
    assert asyncgen("add-task", "send_invoice", "--defaults").code == 0
    commit(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize(
    "change",
    [
        "broker=rabbitmq",
        "queue_layout=latency",
        pytest.param("queue_layout=priority", marks=pytest.mark.slow),
        pytest.param("idempotency_store=postgresql", marks=pytest.mark.slow),
        pytest.param("results=redis", marks=pytest.mark.slow),
        pytest.param("scheduler=true", marks=pytest.mark.slow),
        pytest.param("ci=gitlab", marks=pytest.mark.slow),
        pytest.param("deploy=", marks=pytest.mark.slow),
        pytest.param("observe=metrics", marks=pytest.mark.slow),
    ],
)
def test_an_answer_changes_and_comes_back(change: str, living: Path, asyncgen: Command) -> None:
    before = snapshot(living)
    answer = yaml.safe_load((living / ".copier-answers.yml").read_text())[change.partition("=")[0]]
    ran = asyncgen("update", "-d", change)
    assert ran.code == 0, ran.out + ran.err
    after = snapshot(living)
    tasks = {path for path in before if path.startswith(("src/shop/tasks/", "tests/tasks/"))}
    assert {path: after[path] for path in tasks} == {path: before[path] for path in tasks}
    synced = json.loads(asyncgen("sync-queues", "--dry-run", "--json").out)
    assert not synced["changed"] if "changed" in synced else True
    assert 'REPORTS = QueueClass("reports", max_runtime=600)' in (living / "src/shop/queues.py").read_text()
    assert 'DEFAULT = QueueClass("default", max_runtime=300)' in (living / "src/shop/queues.py").read_text()
    commit(living)
    if change.startswith("queue_layout"):
        return  # the queues that tasks name have stayed: coming back is another table
    back = f"{change.partition('=')[0]}={','.join(answer) if isinstance(answer, list) else answer}"
    assert asyncgen("update", "-d", back).code == 0
    assert snapshot(living) == before
