"""A repository with a service, and the command line in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, clean_home, command_line, commit, git, write

from .documents import document, task, text

ID = {"invoice_id": {"type": "integer"}}
FORMER = text(document(task(properties=ID), task("shop.tasks.bill.bill")))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity."""
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""
    return command_line(capfd)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a service in a subfolder of a repository, whose last commit has a contract."""
    folder = tmp_path / "repository" / "services" / "shop"
    write(folder, {".copier-answers.yml": "package: shop\n", "src/shop/__init__.py": ""})
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "repository")
    commit(folder, "The service")
    write(folder, {"contract.yaml": FORMER})
    commit(folder, "Its contract")
    monkeypatch.chdir(folder)
    return folder
