"""Repositories, environments and disks in which git does something else than usual: one true sentence, or no harm."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, git, write

from .planted import FIRST, PACKAGE, release, snapshot

Command = Callable[..., Ran]
NEWER = {
    "template/service/README.md.jinja": FIRST["template/service/README.md.jinja"] + "More.\n",
    f"{PACKAGE}/added.py": "ADDED = True\n",
}


def refused(asyncgen: Command, project: Path, *arguments: str) -> str:
    """The message of an update that has to leave the project and its index as they are."""
    before = snapshot(project), git(project, "ls-files", "-s")
    ran = asyncgen("update", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert (snapshot(project), git(project, "ls-files", "-s")) == before
    return ran.err


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A repository that has nothing to do with the service: the one whose hook runs a command."""
    folder = tmp_path / "other"
    folder.mkdir()
    git(folder, "init", "--quiet")
    write(folder, {"file.txt": "other\n"})
    commit(folder)
    return folder


def outer(other: Path) -> dict[str, str]:
    """What git exports to hooks, and what else changes where it looks and what it means."""
    return {
        "GIT_DIR": f"{other}/.git",
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": f"{other}/.git/index",
        "GIT_OBJECT_DIRECTORY": f"{other}/.git/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{other}/.git/objects",
        "GIT_COMMON_DIR": f"{other}/.git",
        "GIT_PREFIX": "src/",
        "GIT_NAMESPACE": "outer",
        "GIT_QUARANTINE_PATH": f"{other}/.git/objects/incoming",
        "GIT_SHALLOW_FILE": f"{other}/file.txt",
        "GIT_GRAFT_FILE": f"{other}/file.txt",
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_CONFIG": f"{other}/file.txt",
        "GIT_CONFIG_PARAMETERS": "'no config",
        "GIT_ATTR_SOURCE": "no-such-tree",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_TRACE": "1",
    }


def test_a_hook_of_another_repository(
    template: Path, service: Path, other: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    release(template, "0.2.0", NEWER)
    before = snapshot(other / ".git")
    with monkeypatch.context() as hook:
        for variable, value in outer(other).items():
            hook.setenv(variable, value)
        ran = asyncgen("update")
        assert ran.code == 0, ran.err
        hook.chdir(tmp_path)
        made = asyncgen("new", "depot", "--defaults", "--template", str(template))
        assert made.code == 0, made.err
        lost = asyncgen("new", "lost", "--template", "git+file:///nowhere")
        assert "got: fatal: '/nowhere' does not appear to be a git repository; check" in lost.err
    assert (service / "README.md").read_text().endswith("More.\n")
    assert git(tmp_path / "depot", "log", "--format=%s") == "Start depot with asyncgen"
    assert git(tmp_path / "depot", "status", "--porcelain") == ""
    assert snapshot(other / ".git") == before


def test_make_test_in_a_hook_is_not_of_the_outer_repository(
    template: Path, service: Path, other: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(template, "0.2.0", NEWER | {"template/service/Makefile": 'test:\n\t@test -z "$$GIT_DIR"\n'})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    ran = asyncgen("update", "--test")
    assert ran.code == 0, ran.err


def test_the_users_configuration_by_environment_counts(
    template: Path, service: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in containers, whose checkout belongs to another user."""
    release(template, "0.2.0", NEWER)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for name, value in (("COUNT", "1"), ("KEY_0", "safe.directory"), ("VALUE_0", "*")):
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    ran = asyncgen("update")
    assert ran.code == 0, ran.err


def test_a_project_of_another_owner_names_the_command(
    template: Path, service: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(template, "0.2.0", NEWER)
    git(service, "config", "--global", "--add", "safe.directory", str(template / ".git"))
    git(service, "config", "--global", "--add", "safe.directory", str(template))
    before = snapshot(service)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    ran = asyncgen("update")
    assert (ran.code, ran.err) == (
        2,
        f"asyncgen: expected the git repository {service} to belong to you, got: another owner, which git refuses; "
        f"run git config --global --add safe.directory {service}\n",
    )
    assert snapshot(service) == before
    git(service, *ran.err.rpartition("run git ")[2].split())
    assert asyncgen("update").code == 0


@pytest.mark.parametrize(
    ("start", "linked"),
    [
        ("merge --no-commit --no-ff side", False),
        ("merge conflict", True),
        ("rebase conflict", True),
        ("rebase --apply conflict", False),
        ("cherry-pick conflict", False),
        ("revert --no-commit HEAD", False),
    ],
)
def test_git_is_in_the_middle_of_something(
    template: Path,
    service: Path,
    asyncgen: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: str,
    linked: bool,
) -> None:
    for branch, path in (("side", "side.txt"), ("conflict", "src/shop/times.py")):
        git(service, "checkout", "--quiet", "-b", branch)
        write(service, {path: f"{branch}\n"})
        commit(service)
        git(service, "checkout", "--quiet", "main")
    write(service, {"src/shop/times.py": "mine\n"})
    commit(service)
    if linked:
        git(service, "worktree", "add", "--quiet", "-b", "work", str(tmp_path / "linked"))
        service = tmp_path / "linked"
        monkeypatch.chdir(service / "src")
    subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@x.org", *start.split()], cwd=service, capture_output=True
    )
    release(template, "0.2.0", NEWER)
    message, command = refused(asyncgen, service), start.split()[0]
    assert f"got: git {command}; end it with git {command} --continue or git {command} --abort" in message
    assert asyncgen("update", "--check").code == 1
    git(service, *message.rpartition(" or git ")[2].split())
    assert asyncgen("update").code == 0


def test_conflicts_in_the_index_are_named(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {"src/shop/times.py": "stashed\n"})
    git(service, "-c", "user.name=T", "-c", "user.email=t@x.org", "stash")
    write(service, {"src/shop/times.py": "committed\n"})
    commit(service)
    subprocess.run(["git", "stash", "pop"], cwd=service, capture_output=True, check=False)
    release(template, "0.2.0", NEWER)
    assert "got: src/shop/times.py; resolve and commit them" in refused(asyncgen, service)


NO_TEXT = {
    "''": "''",
    "' '": "' '",
    '"a\\0b"': r"'a\x00b'",
    "8727590": "a value of the type int",
    "0123456": "a value of the type int",
    "1.0e+10": "a value of the type float",
    "[a, b]": "a value of the type list",
}


def record(service: Path, name: str, value: str) -> None:
    file = service / ".copier-answers.yml"
    before, after = re.split(rf"(?m)^{name}: .*$", file.read_text())
    file.write_text(f"{before}{name}: {value}{after}")
    commit(service)


def test_a_recorded_commit_that_is_no_text(template: Path, service: Path, asyncgen: Command) -> None:
    release(template, "0.2.0", NEWER)
    for value, shown in NO_TEXT.items():
        record(service, "_commit", value)
        assert f"to be text, in quotes, got: {shown}; restore it from git" in refused(asyncgen, service, "--check")
    record(service, "_commit", "")
    assert "to record _commit, got: nothing; restore it from git" in refused(asyncgen, service)


@pytest.mark.parametrize("url", [False, True])
def test_a_recorded_commit_that_is_none(template: Path, service: Path, asyncgen: Command, url: bool) -> None:
    tree, blob = git(template, "rev-parse", "HEAD:", "HEAD:copier.yml").splitlines()
    git(template, "tag", "tree-tag", tree)
    release(template, "0.2.0", NEWER)
    if url:
        record(service, "_src_path", f"git+{template.as_uri()}")
    for value in (tree, blob, tree[:9], "tree-tag", "1e10"):
        record(service, "_commit", f"'{value}'")
        assert f"to hold copier.yml at {value}, got: no such commit or file" in refused(asyncgen, service, "--dry-run")


def test_to_is_a_tree(template: Path, service: Path, asyncgen: Command) -> None:
    tree = git(template, "rev-parse", "HEAD:")
    assert f"to hold copier.yml at {tree}, got: no such commit" in refused(asyncgen, service, "--to", tree)


@pytest.mark.parametrize("setting", ["core.hooksPath", "init.templateDir"])
def test_hooks_of_the_user_are_not_run(template: Path, service: Path, home: Path, tmp_path: Path, setting: str) -> None:
    release(template, "0.2.0", NEWER)
    for name in ("post-checkout", "pre-commit", "reference-transaction"):
        write(home, {f"hooks/{name}": "#!/bin/sh\necho no >&2\nexit 1\n"})
        (home / "hooks" / name).chmod(0o755)
    git(home, "config", "--global", setting, str(home / "hooks" if setting == "core.hooksPath" else home))
    for number, source in enumerate((str(template), f"git+{template.as_uri()}")):
        new = ["new", f"depot{number}", "--defaults", "--template", source]
        for at, command in ((tmp_path, new), (tmp_path / f"depot{number}", ["update"])):
            done = subprocess.run(
                [sys.executable, "-m", "asyncgen", *command], cwd=at, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


def test_a_changed_answer_is_named(template: Path, service: Path, asyncgen: Command) -> None:
    at = git(template, "rev-parse", "--short", "HEAD")
    ran = asyncgen("update", "-d", "broker=rabbit", "-d", "deploy=compose,helm")
    first, *_ = ran.out.splitlines()
    assert first == f'Updated shop: broker redis -> rabbit, deploy ["compose"] -> ["compose", "helm"] (release {at})'


def test_the_same_place_is_no_change(template: Path, service: Path, asyncgen: Command) -> None:
    assert "Up to date" in asyncgen("update", "--template", str(template)).out


FULL = """
mount -t tmpfs -o size=$1 none "$0" && cd "$2" && shift 2 || exit 77
"$@"
code=$?
ls -A "$0"
exit $code
"""


def on_a_full_disk(folder: Path, size: str, at: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of asyncgen where an empty folder is a small disk; what is left there is its last output."""
    folder.mkdir(parents=True, exist_ok=True)
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    script = [*unshare, "sh", "-c", FULL, str(folder), size, str(at), sys.executable, "-m", "asyncgen", *command]
    try:
        done = subprocess.run(script, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if done.returncode == 77 or "unshare: " in done.stderr:
        pytest.skip(f"needs the right to mount a small disk: {done.stderr.strip()}")
    return done


@pytest.mark.parametrize(
    ("full", "sizes", "command"),
    [
        ("cache", ["64k", "400k"], ["template", "sync"]),
        ("mirrors", ["4k", "16k"], ["update", "--template", "git+{template}"]),
        ("workdir", ["100k", "140k"], ["new", "depot", "--defaults", "--template", "{template}"]),
    ],
)
def test_git_has_no_space_left(
    template: Path, service: Path, home: Path, tmp_path: Path, full: str, sizes: list[str], command: list[str]
) -> None:
    release(template, "0.2.0", NEWER)
    place = {"cache": home / ".asyncgen", "mirrors": home / "cache/asyncgen", "workdir": tmp_path / "workdir"}[full]
    before, seen = snapshot(service), []
    for size in sizes:
        at = place if full == "workdir" else service
        done = on_a_full_disk(place, size, at, *(word.format(template=template) for word in command))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert full == "cache" or done.stdout == "", "something is left over"
        seen += re.findall("expected git (.*) to write its files, got: .*; see whether the disk is full", done.stderr)
    assert seen, "no git met the end of the disk"
    assert snapshot(service) == before


@pytest.mark.parametrize("size", ["4k", "64k"])
def test_the_temporary_folder_is_full(
    template: Path, service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    release(template, "0.2.0", NEWER)
    before = snapshot(service)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "small"))
    done = on_a_full_disk(tmp_path / "small", size, service, "update")
    assert (done.returncode, done.stderr.count("\n"), done.stdout) in ((2, 1, ""), (0, 0, done.stdout)), done.stderr
    assert done.returncode == 0 or "no space left on device" in done.stderr
    assert (snapshot(service) == before) == bool(done.returncode)


@pytest.mark.parametrize(("command", "limit"), [("update", 0), ("update", 200), ("new", 1000)])
def test_no_file_may_grow(template: Path, service: Path, tmp_path: Path, command: str, limit: int) -> None:
    """The system ends a git that writes beyond the limit: it cannot say why itself."""
    release(template, "0.2.0", NEWER)
    before, arguments = snapshot(service), ["depot", "--defaults", "--template", str(template)]
    done = subprocess.run(
        # -B: Python would keep bytecode that is cut short.
        [sys.executable, "-B", "-m", "asyncgen", command, *(arguments if command == "new" else [])],
        cwd=service if command == "update" else tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert command == "update" or "to write its files, got: File size limit exceeded" in done.stderr
    assert snapshot(service) == before
    assert sorted(tmp_path.iterdir()) == [service, template]
