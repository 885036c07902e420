"""Which programs of a project may be run: never one that the repository brings, whatever way it takes."""

import shutil
import sys
from pathlib import Path

import pytest

from asyncgen.environment import Environment, UntrustedError, machine_program, own_environment
from tests.environments import PLANTS, honest
from tests.support import commit, git, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one file."""
    folder = tmp_path / "shop [1]"
    write(folder, {"README.md": "# shop\n"})
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def test_an_environment_that_was_made_here_is_found(project: Path) -> None:
    assert own_environment(project) is None
    honest(project)
    found = own_environment(project)
    assert found == Environment(project / ".venv", project)
    assert found.program("python") == project / ".venv/bin/python"
    assert found.program("ruff") is None


def test_so_is_one_that_the_user_keeps_elsewhere(project: Path, tmp_path: Path) -> None:
    honest(tmp_path / "kept")
    (project / ".venv").symlink_to(tmp_path / "kept/.venv")
    found = own_environment(project)
    assert found
    assert found.program("python") == tmp_path / "kept/.venv/bin/python"


@pytest.mark.parametrize("name", PLANTS)
def test_what_the_repository_brings_is_refused(project: Path, tmp_path: Path, name: str) -> None:
    plant, reason = PLANTS[name]
    plant(project, tmp_path / "PWNED")
    with pytest.raises(UntrustedError) as refused:
        own_environment(project)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_rest_of_the_repository_is_judged_too(project: Path, tmp_path: Path) -> None:
    service = project / "services/shop"
    write(service, {"README.md": "# shop\n"})
    PLANTS["files"][0](project, tmp_path / "PWNED")
    (service / ".venv").symlink_to("../../.venv")
    with pytest.raises(UntrustedError, match=r"git tracks .venv/"):
        own_environment(service)


@pytest.mark.parametrize("ways", [".venv", "a/../.venv", "nowhere"])
def test_a_link_to_nowhere_is_refused(project: Path, ways: str) -> None:
    (project / ".venv").symlink_to(ways)
    with pytest.raises(UntrustedError, match="cannot be judged"):
        own_environment(project)


@pytest.mark.parametrize("variable", ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS"])
def test_variables_of_gits_change_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    PLANTS["files"][0](project, tmp_path / "PWNED")
    monkeypatch.setenv(variable, "1")
    with pytest.raises(UntrustedError, match="git tracks"):
        own_environment(project)


def test_without_git_there_is_nothing_to_judge_by(project: Path) -> None:
    honest(project)
    shutil.rmtree(project / ".git")
    with pytest.raises(UntrustedError, match="cannot be judged"):
        own_environment(project)


def test_a_program_on_path_is_never_the_repositorys(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(project / ".venv/bin/python"))
    monkeypatch.chdir(project)
    for folder in (project, project / "bin", project / ".venv/bin", tmp_path / "machine"):
        write(folder, {"ruff": "#!/bin/sh\n"})
        (folder / "ruff").chmod(0o755)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/ruff").symlink_to(project / "ruff")
    (tmp_path / "folder").symlink_to(project / "bin")
    hostile = ["", ".", "bin", str(project / "bin"), str(tmp_path / "linked"), str(tmp_path / "folder")]
    monkeypatch.setenv("PATH", ":".join(hostile))
    assert machine_program("ruff", project) is None
    unusable = "/" + "x" * 300  # which raises when it is asked, as a folder of another user does
    monkeypatch.setenv("PATH", ":".join([*hostile, unusable, str(tmp_path / "machine")]))
    assert machine_program("ruff", project) == tmp_path / "machine/ruff"
