"""Services made from the working tree's template, committed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import commit, git

from .commands import asyncgen, inside

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree's template in a repository of its own."""
    folder = tmp_path_factory.mktemp("template") / "asyncgen"
    folder.mkdir()
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(ROOT / "template", folder / "template", ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    git(folder, "init", "--quiet")
    commit(folder, "Template")
    return folder


@pytest.fixture(scope="session")
def make(template: Path) -> Callable[..., Path]:
    """Makes a service called shop in a folder, with other answers than the defaults."""

    def made(folder: Path, **answers: str) -> Path:
        data = [word for name, value in answers.items() for word in ("-d", f"{name}={value}")]
        with inside(folder):
            ran = asyncgen("new", "shop", "--defaults", "--template", str(template), *data)
        assert ran.code == 0, ran.err
        return folder / "shop"

    return made


@pytest.fixture(scope="session")
def everything(make: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every feature, which no test may change: they copy it."""
    return make(
        tmp_path_factory.mktemp("everything"),
        broker="rabbitmq",
        idempotency_store="postgresql",
        results="postgresql",
        scheduler="true",
        queue_layout="priority",
        deploy="[compose, kubernetes]",
    )


@pytest.fixture
def service(everything: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, as the current folder."""
    copy = tmp_path / "shop"
    shutil.copytree(everything, copy)
    with inside(copy):
        yield copy
