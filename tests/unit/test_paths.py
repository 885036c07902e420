"""A path stays in the project and out of .git, as git judges names on Linux, Windows and macOS."""

import re
from pathlib import Path

import pytest

from asyncgen.errors import Refused
from asyncgen.paths import check_path
from tests.template.rendering import ROOT


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


def unfit_for_windows(paths: list[str]) -> list[str]:
    """Paths that Windows cannot have: by a letter, the last letter, a device, a twin, or by their length."""
    devices = r"(?i)(aux|con|nul|prn|com\d|lpt\d)(\..*)?"
    lower = [path.casefold() for path in paths]
    return [
        path
        for path in paths
        if lower.count(path.casefold()) > 1
        or len(path) > 160  # with 100 for the folder that it is in
        or any(re.search(r'[<>:"|?*\\]|[. ]$', part) or re.fullmatch(devices, part) for part in path.split("/"))
    ]


def test_windows_can_have_every_file_of_the_template_and_of_a_service() -> None:
    for folder in (ROOT / "template", ROOT / "tests/template/golden"):
        files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if "__pycache__" not in file.parts]
        assert len(files) > 30
        assert unfit_for_windows(files) == []


@pytest.mark.parametrize("path", ["a/b?", "a|b", "a./b", "a /b", "Nul", "x/com1.py", "a" * 161])
def test_what_windows_cannot_have_is_found(path: str) -> None:
    assert unfit_for_windows(["fine", path]) == [path]
    assert unfit_for_windows(["A", "a"]) == ["A", "a"]
