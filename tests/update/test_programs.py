"""What an update runs: nothing that a cloned project brings, and in a dry run nothing of the project's at all."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.environments import PLANTS, honest
from tests.growing.commands import asyncgen as run
from tests.growing.commands import inside
from tests.support import Ran, commit, git, write

from .planted import FIRST, PACKAGE, release, snapshot

Command = Callable[..., Ran]
MAKEFILE = "test:\n\t@test ! -e .venv\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that has an application, and a release that it can be updated to."""
    folder = tmp_path_factory.mktemp("made")
    template = folder / "template"
    (template / "template/service").mkdir(parents=True)
    git(template, "init", "--quiet", "--initial-branch=main")
    release(template, "0.1.0", FIRST | {f"{PACKAGE}/app.py": "", "template/service/Makefile": MAKEFILE})
    with inside(folder):
        assert run("new", "shop", "--defaults", "--template", str(template)).code == 0
    release(template, "0.2.0", {f"{PACKAGE}/added.py": "ADDED = True\n"})
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, as the current folder; its template is for reading alone."""
    shutil.copytree(made / "shop", tmp_path / "shop", symlinks=True)
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def creates(file: Path) -> str:
    return f"import pathlib\n\npathlib.Path({str(file)!r}).touch()\n"


@pytest.mark.parametrize("name", PLANTS)
def test_no_program_of_the_repositorys_is_run(shop: Path, asyncgen: Command, tmp_path: Path, name: str) -> None:
    pwned = tmp_path / "PWNED"
    plant, reason = PLANTS[name]
    plant(shop, pwned)
    codes = [asyncgen("update", flag).code for flag in ("--check", "--dry-run")]
    assert (codes, pwned.exists()) == ([1, 0], False)
    ran = asyncgen("update", "--test")
    assert (ran.code, pwned.exists()) == (0, False), ran.err
    assert "its times were only read: " in ran.out
    assert reason in ran.out


def test_an_environment_of_this_machine_is_run_only_by_a_real_update(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path
) -> None:
    honest(service)
    write(service, {".venv/bin/ruff": f"#!/bin/sh\ntouch {tmp_path}/LINTED\n"})
    (service / ".venv/bin/ruff").chmod(0o755)
    release(template, "0.2.0", {f"{PACKAGE}/app.py": creates(tmp_path / "IMPORTED")})
    before = snapshot(tmp_path)
    assert asyncgen("update", "--check").code == 1
    assert asyncgen("update", "--dry-run").code == 0
    assert snapshot(tmp_path) == before
    assert asyncgen("update").code == 0
    assert (tmp_path / "LINTED").exists()
    assert (tmp_path / "IMPORTED").exists()
    assert not list(service.glob("src/**/__pycache__"))


def test_without_verification_nothing_is_run(template: Path, service: Path, asyncgen: Command, tmp_path: Path) -> None:
    honest(service)
    release(template, "0.2.0", {f"{PACKAGE}/app.py": creates(tmp_path / "IMPORTED")})
    assert asyncgen("update", "--no-verify").code == 0
    assert not (tmp_path / "IMPORTED").exists()


def test_an_import_finds_a_broken_service_and_sees_no_module_of_the_current_folder(
    shop: Path, made: Path, asyncgen: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest(shop)
    planted = dict.fromkeys(("json.py", "sitecustomize.py", "usercustomize.py"), creates(tmp_path / "PWNED"))
    write(shop, planted)
    commit(shop)
    monkeypatch.setenv("PYTHONPATH", ".")
    template = tmp_path / "newer"
    shutil.copytree(made / "template", template)
    release(template, "0.3.0", {f"{PACKAGE}/app.py": 'import json\n\nraise RuntimeError(json.dumps("broken"))\n'})
    before = snapshot(shop)
    ran = asyncgen("update", "--template", str(template))
    assert ran.code == 2
    assert 'expected the service to start after the update, got: RuntimeError: "broken"' in ran.err
    assert snapshot(shop) == before
    assert not (tmp_path / "PWNED").exists()


def test_an_application_that_was_broken_before_has_its_times_read(
    template: Path, service: Path, asyncgen: Command
) -> None:
    honest(service)
    table = f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}"
    release(template, "0.2.0", {table: FIRST[table].replace("300", "20")})
    ran = asyncgen("update")
    assert ran.code == 2
    assert "a limit of 30 s on DEFAULT, whose longest run is 20 s" in ran.err


@pytest.mark.parametrize("setting", ["fix", "fix-only", "unsafe-fixes = true\nfix"])
def test_ruff_fixes_nothing(template: Path, service: Path, asyncgen: Command, setting: str) -> None:
    write(
        service, {"ruff.toml": f"{setting} = true\n", "src/shop/times.py": "import os\n" + FIRST[f"{PACKAGE}/times.py"]}
    )
    commit(service)
    before = snapshot(service)
    newer = FIRST[f"{PACKAGE}/times.py"] + "LINE_21 = 21\n"
    release(template, "0.2.0", {f"{PACKAGE}/times.py": newer, f"{PACKAGE}/added.py": "ADDED = True\n"})
    assert asyncgen("update", "--dry-run").code == 0
    assert snapshot(service) == before
    release(template, "0.3.0", {f"{PACKAGE}/added.py": "import os\n"})
    assert "src/shop/added.py to pass the project's lint rules" in asyncgen("update").err
    assert snapshot(service) == before


@pytest.mark.parametrize("flag", ["--check", "--dry-run", "--no-verify"])
def test_tests_are_not_run_where_nothing_is(asyncgen: Command, flag: str) -> None:
    ran = asyncgen("update", "--test", flag)
    assert ran.code == 2
    assert ran.err.startswith(f"asyncgen: expected --test without {flag}, which runs no tests, got: both; ")
