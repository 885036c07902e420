"""Where the template comes from, for each way of installing asyncgen; and that it is always a commit."""

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest

from asyncgen import source
from asyncgen.errors import AsyncgenError, Refused
from asyncgen.source import Template, find, read, recorded
from tests.support import git


def release(folder: Path, version: str) -> str:
    (folder / "VERSION").write_text(version)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"Release {version}")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one release, and an asyncgen that does not run from a clone."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "copier.yml").write_text("broker: {type: str}\n")
    release(folder, "0.1.0")
    monkeypatch.setattr(source, "__file__", str(tmp_path / "site-packages" / "asyncgen" / "source.py"))
    monkeypatch.delenv("ASYNCGEN_TEMPLATE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def installed(monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None) -> None:
    """Pretend that pip left this direct_url.json (PEP 610)."""

    class Distribution:
        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return json.dumps(origin) if origin else None

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution())


@pytest.mark.parametrize("dir_info", [{"editable": True}, {}])
def test_installed_from_a_clone(clone: Path, monkeypatch: pytest.MonkeyPatch, dir_info: dict[str, bool]) -> None:
    installed(monkeypatch, {"url": clone.as_uri(), "dir_info": dir_info})
    assert find() == Template(str(clone), git(clone, "rev-parse", "HEAD"), clone)


def test_installed_from_a_git_url(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = git(clone, "rev-parse", "HEAD")
    release(clone, "0.2.0")
    vcs_info = {"vcs": "git", "commit_id": first, "requested_revision": "main"}
    installed(monkeypatch, {"url": clone.as_uri(), "vcs_info": vcs_info})
    found = find()
    assert (found.src, found.commit) == (f"git+{clone.as_uri()}", first)


@pytest.mark.parametrize("origin", [None, {"url": "file:///x.whl", "archive_info": {}}])
def test_a_wheel_without_a_template_is_refused(
    clone: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None
) -> None:
    installed(monkeypatch, origin)
    with pytest.raises(Refused, match="got: a wheel without one; name a clone with --template"):
        find()


def test_a_source_tree_is_its_own_template(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "__file__", str(clone / "generator" / "asyncgen" / "source.py"))
    assert find().src == str(clone)


def test_what_is_named_comes_first(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    monkeypatch.chdir(clone.parent)
    assert find("clone").src == str(clone)
    monkeypatch.setenv("ASYNCGEN_TEMPLATE", "clone")
    assert find().src == str(clone)


def test_the_commit_is_a_sha_and_not_a_name(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    second = release(clone, "0.2.0")
    assert find(str(clone)).commit == second
    assert find(str(clone), "HEAD~1").commit == first
    assert find(str(clone), first[:7]).commit == first


def test_with_tags_it_is_the_release_that_an_update_would_choose(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD")
    git(clone, "tag", "v0.1.0")
    git(clone, "tag", "nightly")
    second = release(clone, "0.2.0")
    git(clone, "tag", "v0.2.0rc1")
    assert find(str(clone)).commit == first
    git(clone, "tag", "v0.10.0")
    assert find(str(clone)).commit == second


def test_uncommitted_changes_are_named(clone: Path) -> None:
    assert find(str(clone)).notice == ""
    (clone / "copier.yml").write_text("changed: {}\n")
    found = find(str(clone))
    assert "uncommitted changes, which are not used" in found.notice
    assert read(found, ["copier.yml"]) == {"copier.yml": "broker: {type: str}\n"}


def test_a_folder_in_a_clone_is_no_template(clone: Path) -> None:
    (clone / "inside").mkdir()
    with pytest.raises(AsyncgenError, match="to be the root of a git clone, got: another kind of folder"):
        find(str(clone / "inside"))


def test_a_clone_of_another_owner_names_the_command(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Refused, match=r"run git config --global --add safe\.directory"):
        find(str(clone))


def test_a_commit_without_questions_is_refused(clone: Path) -> None:
    git(clone, "rm", "-q", "copier.yml")
    git(clone, "commit", "--quiet", "--message", "Forget the questions")
    with pytest.raises(Refused, match=r"to hold copier\.yml at HEAD"):
        find(str(clone))


def test_a_url_is_read_from_a_mirror_that_outlives_it(clone: Path) -> None:
    url = f"git+{clone.as_uri()}"
    first = find(url).commit
    second = release(clone, "0.2.0")
    assert find(url).commit == second
    clone.rename(clone.with_name("gone"))
    assert recorded(url, first).commit == first
    assert read(recorded(url, second[:7]), ["VERSION"]) == {"VERSION": "0.2.0"}
    with pytest.raises(Refused, match="to be reachable"):
        find(url)


def test_a_url_that_leads_nowhere_is_refused(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="to be reachable"):
        find((tmp_path / "nothing").as_uri())
    assert list((tmp_path / "cache").rglob("*.git")) == []


def test_files_that_are_not_there_are_refused(clone: Path) -> None:
    with pytest.raises(Refused, match="run asyncgen update"):
        read(find(str(clone)), ["template/task"])


def test_a_password_is_not_recorded(clone: Path) -> None:
    with pytest.raises(AsyncgenError, match="to hold no password") as refused:
        find("https://ann:s3cret@example.org/template.git")
    assert "s3cret" not in str(refused.value)
