"""A repository of the template as it stands in the working tree."""

from pathlib import Path

import pytest

from .commands import commit, run
from .containers import engine, server
from .rendering import copy_template

__all__ = ["engine", "server", "template"]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree's template, committed: what `--template` takes."""
    repository = tmp_path_factory.mktemp("template") / "asyncgen"
    repository.mkdir()
    copy_template(repository)
    run("git", "init", "--quiet", cwd=repository)
    commit(repository, "The template")
    return repository
