"""The small template, a service made from it, and the command line in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, clean_home, command_line, commit, git

from .planted import FIRST, release


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity and without templates."""
    monkeypatch.delenv("ASYNCGEN_TEMPLATE", raising=False)
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with one release."""
    folder = tmp_path / "template"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "template/service").mkdir(parents=True)
    release(folder, "0.1.0", FIRST)
    (folder / "template/service/run.sh").chmod(0o755)
    commit(folder, "Release 0.1.0")
    return folder


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""
    return command_line(capfd)


@pytest.fixture
def service(template: Path, tmp_path: Path, asyncgen: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service made from the first release, as the current folder."""
    monkeypatch.chdir(tmp_path)
    made = asyncgen("new", "shop", "--defaults", "--template", str(template))
    assert made.code == 0, made.err
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"
