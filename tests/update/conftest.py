"""The small template, a service made from it, and the command line in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from asyncgen.cli.edge import run
from tests.support import Ran, clean_home, command_line, commit, copied, copied_service, git

from .histories import ROOT, overlay
from .planted import FIRST, release


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity and without templates."""
    monkeypatch.delenv("ASYNCGEN_TEMPLATE", raising=False)
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository with its releases, whose newest commit is the working tree."""
    clone = tmp_path_factory.mktemp("history") / "asyncgen"
    git(clone.parent, "clone", "--quiet", "--no-tags", str(ROOT), str(clone))
    overlay(clone)
    commit(clone, "Release 90.0.0")
    return clone


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a template of one release, and a service made from it, which tests copy."""
    folder = tmp_path_factory.mktemp("prepared")
    template = folder / "template"
    template.mkdir()
    git(template, "init", "--quiet", "--initial-branch=main")
    (template / "template/service").mkdir(parents=True)
    release(template, "0.1.0", FIRST)
    (template / "template/service/run.sh").chmod(0o755)
    commit(template, "Release 0.1.0")
    with pytest.MonkeyPatch.context() as patch:
        clean_home(tmp_path_factory, patch)
        patch.chdir(folder)
        assert run(["new", "shop", "--defaults", "--template", str(template)]) == 0
    return folder


@pytest.fixture
def template(prepared: Path, tmp_path: Path) -> Path:
    """A template with one release."""
    return copied(prepared / "template", tmp_path)


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""
    return command_line(capfd)


@pytest.fixture
def service(prepared: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service made from the first release, as the current folder."""
    project = copied_service(prepared / "shop", tmp_path, template)
    monkeypatch.chdir(project)
    return project
