"""What git converts by configuration reaches no release, render or update: line ends, filters, other attributes."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from plumbum import local

from asyncgen import template_cache
from asyncgen.bundle import File
from asyncgen.errors import Refused
from asyncgen.releases import bundle_of, files_at
from tests.support import Ran, commit, git, write

from .histories import ROOT
from .planted import FIRST, PACKAGE, release
from .test_command import NEWER, README

Command = Callable[..., Ran]
FILTER = """\
[filter "loud"]
	clean = sed -e 's/^echo RUN/echo run/' -e s/TWO/Two/
	smudge = sed -e 's/^echo run/echo RUN/' -e s/Two/TWO/
"""
CONFIGURATIONS = {
    "autocrlf=true": ("[core]\n\tautocrlf = true\n", ""),
    "autocrlf=input": ("[core]\n\tautocrlf = input\n\tsafecrlf = true\n", ""),
    "eol=crlf": ("[core]\n\teol = crlf\n\tsafecrlf = true\n", "* text=auto\n"),
    "filter": (f"{FILTER}\trequired = true\n", "* filter=loud\n"),
}
NEXT = {
    **NEWER,
    "template/service/run.sh": "#!/bin/sh\necho run again\n",
    f"{PACKAGE}/times.py": FIRST[f"{PACKAGE}/times.py"] + "LINE_21 = 21\n",
}


def configure(home: Path, name: str) -> None:
    """The user's own configuration of git."""
    configuration, attributes = CONFIGURATIONS[name]
    own = f"[core]\n\tattributesFile = {home}/attributes\n"
    write(home, {".gitconfig": configuration + own, "attributes": attributes})


def checked_out(repository: Path, folder: Path) -> Path:
    """What git makes of a repository on a user's disk."""
    git(repository.parent, "clone", "--quiet", str(repository), str(folder))
    return folder


def touch_all(folder: Path) -> None:
    """Make git look into each file, instead of at its time."""
    for path in git(folder, "ls-files", "-z").split("\0"):
        if (folder / path).is_file():
            os.utime(folder / path, (1, 1))


def test_a_release_is_what_the_repository_stores(template: Path, tmp_path: Path, home: Path) -> None:
    release(template, "0.2.0", NEXT)
    bundle, _ = bundle_of(template)
    stored = files_at(template, "HEAD")
    for name in CONFIGURATIONS:
        configure(home, name)
        clone = checked_out(template, tmp_path / name)
        assert bundle_of(clone)[0] == bundle
        assert files_at(clone, "HEAD") == stored


def test_attributes_of_the_template_change_no_byte(template: Path, tmp_path: Path) -> None:
    before = files_at(template, "HEAD")
    attributes = (
        "* text eol=crlf\n*.md.jinja export-subst ident\nrun.sh export-ignore\n*.py working-tree-encoding=UTF-16\n"
    )
    write(template, {"template/.gitattributes": attributes, README: FIRST[README] + "$Format:%H$ $Id$\n"})
    git(template, "add", "template/.gitattributes", README)
    git(template, "commit", "--quiet", "--message", "Release 0.2.0")
    after = files_at(template, "HEAD")
    assert after.pop("template/.gitattributes").content == attributes.encode()
    assert after == before | {README: File((FIRST[README] + "$Format:%H$ $Id$\n").encode())}
    assert after["template/service/run.sh"].executable


def test_an_object_that_stands_in_for_another_is_not_read(template: Path) -> None:
    before = files_at(template, "HEAD")
    (other := template / "other").write_text("other\n")
    blob = git(template, "rev-parse", f"HEAD:{README}")
    git(template, "replace", blob, git(template, "hash-object", "-w", str(other)))
    assert files_at(template, "HEAD") == before


def test_a_submodule_in_a_template_is_refused(template: Path) -> None:
    head = git(template, "rev-parse", "HEAD")
    git(template, "update-index", "--add", "--cacheinfo", f"160000,{head},template/service/sub")
    git(template, "commit", "--quiet", "--message", "Release 0.2.0")
    with pytest.raises(Refused, match="to hold files alone, got: a submodule at template/service/sub"):
        bundle_of(template)


def test_an_archive_with_crlf_is_the_release_of_its_clone(template: Path, tmp_path: Path) -> None:
    write(template, {"pyproject.toml": '[project]\nversion = "0.1.0"\n'})
    (template / "template/service/logo.bin").write_bytes(b"\0a\r\nb\n")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--amend", "--message", "Release 0.1.0")
    _, (expected,) = bundle_of(template)
    shutil.copytree(template, tmp_path / "archive", ignore=shutil.ignore_patterns(".git"))
    for file in (tmp_path / "archive").rglob("*"):
        if file.is_file() and file.suffix != ".bin":
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    _, (only,) = bundle_of(tmp_path / "archive")
    assert (only.version, only.commit) == (expected.version, expected.commit)


def test_no_file_of_the_template_has_crlf() -> None:
    """An unpacked archive is read with LF, and has to give the release of its clone."""
    assert [path for path, file in files_at(ROOT, "HEAD").items() if b"\r\n" in file.content] == []


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_checkout_of_the_template_is_what_it_stores(
    template: Path, home: Path, tmp_path: Path, configuration: str
) -> None:
    """Plain Copier renders from one."""
    write(template, {"template/.gitattributes": (ROOT / "template/.gitattributes").read_text()})
    release(template, "0.2.0", {})
    configure(home, configuration)
    clone = checked_out(template, tmp_path / "clone")
    for path, file in files_at(template, "HEAD", ["template"]).items():
        assert (clone / path).read_bytes() == file.content


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_cache_shows_what_it_stores(template: Path, home: Path, configuration: str) -> None:
    configure(home, configuration)
    template_cache.install_bundled(template)
    for path, file in files_at(home / ".asyncgen/template", template_cache.cached()["0.1.0"]).items():
        assert (home / ".asyncgen/template" / path).read_bytes() == file.content
    touch_all(home / ".asyncgen/template")
    assert git(home / ".asyncgen/template", "status", "--porcelain") == ""


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_new_project_has_lf_and_is_clean(
    template: Path, home: Path, tmp_path: Path, configuration: str, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, configuration)
    monkeypatch.chdir(tmp_path)
    # Copier runs its commands with the environment in which it was imported.
    with local.env(HOME=str(home)):
        ran = asyncgen("new", "shop", "--defaults", "--template", str(template))
    assert ran.code == 0, ran.err
    shop = tmp_path / "shop"
    assert (shop / "README.md").read_bytes() == b"# shop\n\nOn redis.\n\nOne.\n\nTwo.\n\nThree.\n"
    assert (shop / "src/shop/times.py").read_bytes() == FIRST[f"{PACKAGE}/times.py"].encode()
    assert subprocess.check_output([shop / "run.sh"]) == b"run\n"
    touch_all(shop)
    assert git(shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("own", ["", "* text=auto eol=crlf\n*.sh text eol=lf\n"])
def test_an_update_tells_edits_from_conversions(
    template: Path,
    service: Path,
    home: Path,
    configuration: str,
    own: str,
    tmp_path: Path,
    asyncgen: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release(template, "0.2.0", NEXT)
    write(service, {".gitattributes": own})
    commit(service)
    configure(home, configuration)
    mine = checked_out(service, tmp_path / "mine" / "shop")
    monkeypatch.chdir(mine)
    before = {path: (mine / path).read_bytes() for path in git(mine, "ls-files").splitlines()}
    ran = asyncgen("update")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.splitlines()[1:8] == [
        "  changed  .copier-answers.yml",
        "  changed  README.md",
        "  changed  run.sh",
        "  new      src/shop/added.py",
        "  removed  src/shop/dropped.py",
        "  changed  src/shop/times.py",
        "",
    ]
    assert subprocess.check_output([mine / "run.sh"]) == b"run again\n"
    for path, content in (("README.md", NEXT[README]), ("src/shop/times.py", NEXT[f"{PACKAGE}/times.py"])):
        after = (mine / path).read_bytes()
        expected = (content or "").replace("{{ service_name }}", "shop").replace("{{ broker }}", "redis")
        assert after.replace(b"\r\n", b"\n") == expected.encode()
        assert after.count(b"\r\n") == (after.count(b"\n") if b"\r\n" in before[path] else 0)
    touch_all(mine)
    changed = git(mine, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert sorted(line.split()[-1] for line in changed) == [line.split()[-1] for line in ran.out.splitlines()[1:7]]


def test_an_edit_in_a_file_with_crlf_is_merged(
    template: Path, service: Path, home: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, "autocrlf=true")
    mine = checked_out(service, tmp_path / "mine" / "shop")
    monkeypatch.chdir(mine)
    (mine / "run.sh").write_bytes((mine / "run.sh").read_bytes() + b"echo mine\r\n")
    commit(mine)
    release(template, "0.2.0", {"template/service/run.sh": "#!/bin/sh\nset -e\necho run\n"})
    assert "  merged   run.sh" in asyncgen("update").out.splitlines()
    assert (mine / "run.sh").read_bytes() == b"#!/bin/sh\nset -e\necho run\necho mine\n"


def test_a_file_in_another_encoding_is_kept_and_named(
    template: Path, service: Path, home: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(service, {".gitattributes": "*.md text working-tree-encoding=UTF-16\n"})
    write(service, {"README.md": None})
    git(service, "add", ".gitattributes")
    git(service, "checkout", "--quiet", "--", "README.md")
    commit(service)
    before = (service / "README.md").read_bytes()
    assert before.decode("UTF-16").startswith("# shop\n")
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert (ran.code, (service / "README.md").read_bytes()) == (1, before)
    assert "README.md: it is binary" in ran.out
