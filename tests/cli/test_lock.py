"""`asyncgen new` writes uv.lock where uv is on PATH, and says in one sentence why it could not."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncgen import lock_file
from tests.support import Ran, commit, git, write

Asyncgen = Callable[..., Ran]
PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{}]\n'
SERVICE = "template/service"


@pytest.fixture
def locking(template: Path) -> Path:
    """A template whose projects can write uv.lock; they depend on nothing."""
    write(
        template,
        {f"{SERVICE}/Makefile": "help:\n\nlock:\n\tuv lock\n", f"{SERVICE}/pyproject.toml": PROJECT.format("")},
    )
    commit(template, "It locks")
    return template


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder on PATH, where no other has a uv."""
    folder = tmp_path / "bin"
    write(folder, {"empty": ""})
    others = [place for place in os.get_exec_path() if not shutil.which("uv", path=place)]
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), *others]))
    return folder


@pytest.fixture
def uv(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The uv of this repository, on PATH, with an empty cache and without a network."""
    (path / "uv").symlink_to(Path(sys.executable).parent / "uv")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return path / "uv"


def test_a_new_project_is_locked_by_its_first_commit(
    locking: Path, uv: Path, workdir: Path, asyncgen: Asyncgen
) -> None:
    ran = asyncgen("new", "shop", "--defaults")
    assert ran.code == 0, ran.err
    assert "lock" not in ran.out
    assert 'name = "shop"' in git(workdir / "shop", "show", "HEAD:uv.lock")
    assert git(workdir / "shop", "status", "--porcelain") == ""


def test_a_dry_run_asks_no_index(locking: Path, uv: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    uv.unlink()
    write(uv.parent, {"uv": f"#!/bin/sh\ntouch {uv.parent}/asked\n"})
    uv.chmod(0o755)
    assert asyncgen("new", "shop", "--defaults", "--dry-run").code == 0
    assert not (uv.parent / "asked").exists()


def test_without_a_network_the_project_is_made_and_the_next_step_is_named(
    locking: Path, uv: Path, workdir: Path, asyncgen: Asyncgen
) -> None:
    write(locking, {f"{SERVICE}/pyproject.toml": PROJECT.format('"celery"')})
    commit(locking)
    ran = asyncgen("new", "shop", "--defaults")
    assert (ran.code, ran.err) == (0, "")
    said = [line for line in ran.out.splitlines() if "uv.lock" in line]
    assert len(said) == 1
    assert said[0].startswith("It has no uv.lock, which its image needs: uv lock ended with 1: ")
    assert "celery was not found in the cache" in said[0]
    assert "  cd shop\n  make lock\n  make test\n" in ran.out
    assert not (workdir / "shop" / "uv.lock").exists()
    assert git(workdir / "shop", "status", "--porcelain") == ""


def test_without_uv_the_next_step_is_named(locking: Path, path: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    assert "which its image needs: uv is not on PATH.\n" in asyncgen("new", "shop", "--defaults").out
    assert json.loads(asyncgen("new", "other", "--json").out)["unlocked"] == "uv is not on PATH"


BACKEND = '\n[build-system]\nrequires = []\nbuild-backend = "evil"\nbackend-path = ["."]\n'
DYNAMIC = PROJECT.format("").replace('version = "1"', 'dynamic = ["version"]') + BACKEND


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": DYNAMIC},
        {"pyproject.toml": PROJECT.format('"other"') + '[tool.uv.sources]\nother = { path = "other" }\n'},
        {"pyproject.toml": PROJECT.format('"shop @ file:other"')},
        {"pyproject.toml": PROJECT.format("") + '[dependency-groups]\ndev = ["shop @ file:other"]\n'},
        {"pyproject.toml": PROJECT.format("") + '[tool.uv.workspace]\nmembers = ["other"]\n'},
        {"pyproject.toml": "[project\n"},
        {"pyproject.toml": "[[project]]\n"},
        {".python-version": "./evil.py\n"},
        {"uv.toml": 'cache-dir = "../cache"\n'},
    ],
)
def test_a_template_s_build_is_not_run(
    files: dict[str, str], locking: Path, uv: Path, workdir: Path, asyncgen: Asyncgen
) -> None:
    """uv asks the build backend of a folder for the version that is not in its pyproject.toml."""
    evil = f"#!{sys.executable}\nfrom pathlib import Path\nPath({str(workdir)!r}, 'PWNED').touch()\n"
    files = files | {"evil.py": evil, "other/evil.py": evil, "other/pyproject.toml": DYNAMIC}
    write(locking, {f"{SERVICE}/{path}": text for path, text in files.items()})
    (locking / SERVICE / "evil.py").chmod(0o755)
    commit(locking)
    ran = asyncgen("new", "shop", "--defaults")
    assert ran.code == 0
    assert "which its image needs: the template's files could make uv run code of theirs.\n" in ran.out
    assert sorted(os.listdir(workdir)) == ["shop"]


def test_a_uv_of_the_repository_s_own_is_not_run(
    locking: Path, path: Path, workdir: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(workdir, "init", "--quiet")
    write(workdir, {"bin/uv": f"#!/bin/sh\ntouch {workdir}/PWNED\n"})
    (workdir / "bin/uv").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(["bin", str(workdir / "bin"), os.environ["PATH"]]))
    assert "uv is not on PATH" in asyncgen("new", "shop", "--defaults").out
    assert not (workdir / "PWNED").exists()


def test_a_uv_that_hangs_is_ended(
    locking: Path, path: Path, workdir: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, {"uv": "#!/bin/sh\nexec sleep 600\n"})
    (path / "uv").chmod(0o755)
    monkeypatch.setattr(lock_file, "_TIMEOUT", 0.2)
    ran = asyncgen("new", "shop", "--defaults")
    assert ran.code == 0
    assert "It has no uv.lock, which its image needs: uv did not end within 0.2 s.\n" in ran.out


def test_a_template_that_cannot_lock_is_left_alone(template: Path, uv: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    write(template, {f"{SERVICE}/pyproject.toml": PROJECT.format("")})
    commit(template)
    assert "lock" not in asyncgen("new", "shop", "--defaults").out
    assert not (workdir / "shop" / "uv.lock").exists()
