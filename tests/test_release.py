"""`make release`: one commit by which the release is found, or nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asyncgen.releases import release_commits

from .release import main
from .support import commit, git, write

ROOT = Path(__file__).parents[1]
COPIED = ("CHANGELOG.md", "Makefile", "pyproject.toml", ".gitignore", "tests/__init__.py", "tests/release.py")
SECTION = "## Unreleased\n\nWhat it is about.\n\n- A line.\n\n"
HOOK = "#!/bin/sh\n{}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with what a release needs of this one, whose linters find nothing unless FAULTS is set."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "T")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    root = tmp_path / "asyncgen"
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    changelog = re.sub(r"(?ms)^## Unreleased\n.*?(?=^## )", "", (root / "CHANGELOG.md").read_text())
    write(root, {"CHANGELOG.md": changelog.replace("\n## ", f"\n{SECTION}## ", 1)})
    (root / "pyproject.toml").write_text(re.sub("(?m)^version = .*", 'version = "1.4.2"', project(root)))
    programs = {"python": f'exec {sys.executable} "$@"', "ruff": "[ -z $FAULTS ]", "mypy": ""}
    write(root, {f".venv/bin/{name}": HOOK.format(line) for name, line in programs.items()})
    for name in programs:
        (root / ".venv/bin" / name).chmod(0o755)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    (root / ".venv/.installed").touch()
    return root


def project(root: Path) -> str:
    return (root / "pyproject.toml").read_text()


def hook(root: Path, text: str) -> None:
    """What git runs before it commits."""
    file = root / ".git/hooks/pre-commit"
    file.parent.mkdir(exist_ok=True)
    file.write_text(HOOK.format(text))
    file.chmod(0o755)


def make(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # The make that runs these tests would have this one tell its folders.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "release", *arguments], cwd=root, env=env, capture_output=True, text=True)


def state(root: Path) -> tuple[str, str]:
    """The commit, and what differs from it."""
    return git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain")


def test_a_release_is_one_commit_by_which_it_is_found(repository: Path) -> None:
    before = (repository / "CHANGELOG.md").read_text()
    made = make(repository, "VERSION=1.10.0")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.endswith("Committed Release 1.10.0: push it\n")
    assert list(release_commits(repository)) == ["1.10.0"]
    assert git(repository, "show", "--format=%s", "--name-only").split("\n") == [
        *("Release 1.10.0", "", "CHANGELOG.md", "pyproject.toml")
    ]
    assert (repository / "CHANGELOG.md").read_text() == before.replace("## Unreleased", "## 1.10.0")
    assert '\nversion = "1.10.0"\n' in project(repository)
    assert state(repository)[1] == ""


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("", "expected VERSION to be X.Y.Z, got: nothing; run make release VERSION=1.5.0"),
        ("1.5", "expected VERSION to be X.Y.Z, got: 1.5; "),
        ("v1.5.0", "expected VERSION to be X.Y.Z, got: v1.5.0; "),
        ("1.05.0", "expected VERSION to be X.Y.Z, got: 1.05.0; "),
        ("1.4.2", "expected VERSION to be newer than 1.4.2, got: 1.4.2; "),
        ("1.4.1", "expected VERSION to be newer than 1.4.2, got: 1.4.1; "),
    ],
)
def test_a_version_that_is_none_is_refused(
    repository: Path, capfd: pytest.CaptureFixture[str], version: str, said: str
) -> None:
    assert refused(repository, capfd, version).startswith(f"release: {said}")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"new.txt": ""}, "expected all files to be committed, got: ?? new.txt; "),
        ({"Makefile": "lint:\n"}, "expected all files to be committed, got: M Makefile; "),
    ],
)
def test_files_that_are_not_committed_are_in_the_way(
    repository: Path, capfd: pytest.CaptureFixture[str], files: dict[str, str], said: str
) -> None:
    write(repository, files)
    assert refused(repository, capfd).startswith(f"release: {said}")


@pytest.mark.parametrize(("section", "got"), [("", "none"), ("## Unreleased\n\n", "an empty one")])
def test_a_release_has_something_new(
    repository: Path, capfd: pytest.CaptureFixture[str], section: str, got: str
) -> None:
    changelog = (repository / "CHANGELOG.md").read_text()
    write(repository, {"CHANGELOG.md": changelog.replace(SECTION, section)})
    commit(repository)
    said = f"release: expected CHANGELOG.md to have a section ## Unreleased with what is new, got: {got}; "
    assert refused(repository, capfd).startswith(said)


def test_a_release_is_made_on_main(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    git(repository, "switch", "--quiet", "--create", "other")
    assert refused(repository, capfd) == "release: expected the branch main, got: other; run git switch main"


def test_the_linters_come_first(
    repository: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTS", "1")
    assert "release: expected make lint to find nothing, got: what is above; " in refused(repository, capfd)


def test_a_commit_that_fails_leaves_nothing(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hook(repository, "exit 1")
    assert (
        refused(repository, capfd)
        == "release: expected git to commit, got: what is above; correct it, and run it again"
    )


def refused(root: Path, capfd: pytest.CaptureFixture[str], version: str = "2.0.0") -> str:
    """What is said of a release that is not made."""
    before = state(root)
    assert main([version] if version else [], root) == 2
    assert state(root) == before
    return capfd.readouterr().err.strip()


def test_make_passes_the_sentence_and_the_code_on(repository: Path) -> None:
    made = make(repository, 'VERSION=1"; touch new')
    assert made.returncode == 2
    assert made.stderr.startswith('release: expected VERSION to be X.Y.Z, got: 1"; touch new; run make release ')
    assert state(repository)[1] == ""


def test_an_interrupted_release_leaves_nothing(repository: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    hook(repository, f"echo > {tmp_path}/begun; exec sleep 60")
    before = state(repository)
    command = [sys.executable, "-m", "tests.release", "2.0.0"]
    with subprocess.Popen(command, cwd=repository, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        (tmp_path / "begun").read_text()
        assert '\nversion = "2.0.0"\n' in project(repository)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate()
    assert (run.returncode, said.splitlines()[-1]) == (130, "release: interrupted; nothing was changed")
    assert state(repository) == before
