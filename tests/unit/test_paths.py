"""A path stays in the project and out of .git, as git judges names on Linux, Windows and macOS."""

from pathlib import Path

import pytest

from asyncgen.errors import Refused
from asyncgen.paths import check_path


@pytest.mark.parametrize(
    "path",
    [
        *(".git", ".git/hooks/post-commit", "vendor/.git/config", "vendor\\.git\\config", ".GiT/config"),
        *("git~1/config", "GIT~1", ".git./config", ".git . /config", ".git::$INDEX_ALLOCATION/config", ".git:stream"),
        *(".g\u200cit/config", "\ufeff.git", ".git\u206f/config", "gi\u202et~1"),
        *("..", "../file", "a/../../file", "a/..", "..\\file", ".. /file", ". ./file", "...", "a/.../b"),
        *("/file", "\\file", "//host/share", "C:/file", "c:file", ""),
    ],
)
def test_a_path_out_of_the_project_or_into_git_is_refused(path: str) -> None:
    with pytest.raises(
        Refused, match=r"to stay in the project and out of \.git, got: .*; do not use the test"
    ) as refused:
        check_path(path, "the test")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "path",
    [
        *(".gitignore", ".github/workflows/test.yml", ".gitlab-ci.yml", ".gitattributes", ".gitmodules", "a.git/file"),
        *("git/file", "git~2", "xgit~1", ".gitx/file", "a/./b", "a//b", "..a/b", "a..b", ".well-known/x", "name:x"),
    ],
)
def test_any_other_path_is_accepted(path: str, tmp_path: Path) -> None:
    check_path(path, "the test", tmp_path)


def test_a_link_leads_neither_out_nor_into_git(tmp_path: Path) -> None:
    (tmp_path / "root/.git/hooks").mkdir(parents=True)
    (tmp_path / "root/docs").mkdir()
    for name, target in {
        "out": str(tmp_path),
        "up": "..",
        "git": ".git",
        "hooks": "git/hooks",
        "inside": "docs",
    }.items():
        (tmp_path / "root" / name).symlink_to(target)
    check_path("inside/file", "the test", tmp_path / "root")
    for name in ("out", "up", "git", "hooks"):
        with pytest.raises(Refused, match=f"expected {name}/file to stay in .*; remove the link"):
            check_path(f"{name}/file", "the test", tmp_path / "root")
