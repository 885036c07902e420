"""What the build puts into a wheel and an sdist, the template's releases above all; and that both install anywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from pathlib import Path

import pytest
from packaging.version import Version

from asyncgen import template_cache
from asyncgen.bundle import File, write_bundle
from asyncgen.errors import Refused
from asyncgen.releases import bundle_of
from tests.support import commit, git, write

from .histories import ROOT
from .installs import UV, unpacked_wheel
from .planted import FIRST, release

README = "template/service/README.md.jinja"
CACHE = subprocess.check_output([UV, "cache", "dir"], text=True).strip()
"""Where uv keeps what it has fetched, whatever home a test has."""


@pytest.fixture
def clone(template: Path) -> Path:
    """A template with two releases, unreleased work, and what every checkout gathers."""
    write(template, {"pyproject.toml": '[project]\nversion = "0.2.0"\n'})
    release(template, "0.2.0", {README: "# two\n"})
    write(template, {"template/__pycache__/x.pyc": "left over", "unrelated.txt": "not the template's\n"})
    commit(template, "Release the hounds")
    return template


def unbundled(bundle: bytes, folder: Path) -> Path:
    """A repository with what is in the bundle, as git reads it."""
    folder.mkdir()
    (folder / "the.bundle").write_bytes(bundle)
    git(folder, "init", "--quiet")
    git(folder, "fetch", "--quiet", "the.bundle", "refs/tags/*:refs/tags/*")
    git(folder, "fsck", "--strict")
    return folder


def test_releases_are_found_by_their_commits(clone: Path, tmp_path: Path) -> None:
    bundle, found = bundle_of(clone)
    assert [release.version for release in found] == ["0.1.0", "0.2.0"]
    there = unbundled(bundle, tmp_path / "there")
    assert git(there, "tag").split() == ["0.1.0", "0.2.0"]
    for one in found:
        assert git(there, "rev-parse", one.version) == one.commit
        assert git(there, "rev-parse", f"{one.version}:template") == git(clone, "rev-parse", f"{one.source}:template")
    names = git(there, "ls-tree", "-r", "--name-only", "0.2.0").split("\n")
    assert "copier.yml" in names
    assert "unrelated.txt" not in names
    assert git(there, "show", "0.1.0:template/service/README.md.jinja") + "\n" == FIRST[README]
    assert git(there, "ls-tree", "0.2.0", "template/service/run.sh").startswith("100755")


def test_every_build_of_a_release_has_the_same_commit(clone: Path, tmp_path: Path) -> None:
    _, found = bundle_of(clone)
    newest = found[-1]
    git(clone, "checkout", "--quiet", newest.source)
    shutil.rmtree(clone / "template/__pycache__", ignore_errors=True)
    shallow, archive = tmp_path / "shallow", tmp_path / "archive"
    git(tmp_path, "clone", "--quiet", "--depth=1", clone.as_uri(), str(shallow))
    archive.mkdir()
    with tarfile.open(tmp_path / "it.tar", "w") as packed:
        packed.add(clone, "it", filter=lambda member: None if "/.git" in member.name else member)
    with tarfile.open(tmp_path / "it.tar") as packed:
        packed.extractall(archive, filter="data")
    write(archive / "it", {"template/service/__pycache__/left.pyc": "over", "template/.ruff_cache/x": "y"})
    for folder in (shallow, archive / "it"):
        bundle, (only,) = bundle_of(folder)
        assert (only.version, only.commit) == (newest.version, newest.commit)
        assert bundle == bundle_of(folder)[0]


def test_what_is_no_release_is_distinguished(clone: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", clone.as_uri(), str(shallow))
    (first,) = bundle_of(shallow)[1]
    assert re.fullmatch(r"0\.2\.0\+\d{14}\.g[0-9a-f]{8}", first.version)
    write(shallow, {README: "# other\n"})
    commit(shallow)
    (second,) = bundle_of(shallow)[1]
    assert second.version != first.version


def unpacked(clone: Path, ref: str, folder: Path) -> Path:
    """What `git archive` and a host's tarball of a commit hold."""
    packed = folder.with_suffix(".tar")
    git(clone, "archive", "--output", str(packed), ref)
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def archived(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The template with the file that names an archive's commit, an unnamed release, and more."""
    for name in (".gitattributes", ".git_archival.txt"):
        shutil.copy(ROOT / name, clone)
    write(clone, {"template/__pycache__/x.pyc": None})
    release(clone, "0.3.0", {README: "# three\n"})
    for number, name in enumerate(("Some work", "More work", "Even more")):
        write(clone, {README: f"# {name}\n"})
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2026-01-0{number + 1}T00:00:00Z")
        commit(clone, name)
    return clone


def test_an_archive_of_a_release_is_that_release(archived: Path, tmp_path: Path) -> None:
    expected = bundle_of(archived)[1][-1]
    (only,) = bundle_of(unpacked(archived, "HEAD~3", tmp_path / "archive"))[1]
    assert (only.version, only.commit, only.source) == ("0.3.0", expected.commit, expected.source)


def test_what_is_built_between_releases_is_ordered_by_its_commit(archived: Path, tmp_path: Path) -> None:
    versions = []
    for number, ref in enumerate(("HEAD~2", "HEAD~1", "HEAD")):
        folder = unpacked(archived, ref, tmp_path / f"archive-{number}")
        if number == 1:
            folder = tmp_path / "shallow"
            git(tmp_path, "init", "--quiet", str(folder))
            git(folder, "fetch", "--quiet", "--depth=1", archived.as_uri(), git(archived, "rev-parse", ref))
            git(folder, "checkout", "--quiet", "FETCH_HEAD")
        (only,) = bundle_of(folder)[1]
        assert only.source == git(archived, "rev-parse", ref)
        versions.append(Version(only.version))
    assert versions == sorted(versions)
    assert {str(version)[:8] for version in versions} == {"0.2.0+20"}


@pytest.mark.parametrize(("before", "after"), [("HEAD~4", "HEAD~3"), ("HEAD~1", "HEAD")])
def test_an_update_goes_to_what_a_newer_archive_brings(
    before: str, after: str, archived: Path, home: Path, tmp_path: Path
) -> None:
    old, new = (
        unpacked_wheel(unpacked(archived, ref, tmp_path / f"archive-{ref}"), tmp_path / f"site-{ref}")
        for ref in (before, after)
    )
    made = old.run("asyncgen", "new", "shop", "--defaults", home=home, at=tmp_path)
    assert made.returncode == 0, made.stderr
    assert new.run("asyncgen", "update", "--check", home=home, at=tmp_path / "shop").returncode == 1
    done = new.run("asyncgen", "update", home=home, at=tmp_path / "shop")
    assert done.returncode == 0, done.stderr
    expected = git(archived, "show", f"{after}:{README}")
    assert (tmp_path / "shop/README.md").read_text() == f"{expected}\n"


def test_a_repository_without_a_commit_is_its_files(clone: Path) -> None:
    (before,) = [release for release in bundle_of(clone)[1] if release.version == "0.2.0"]
    shutil.rmtree(clone / ".git")
    git(clone, "init", "--quiet")
    (only,) = bundle_of(clone)[1]
    assert (only.version, only.source, only.commit) == ("0.2.0", "", before.commit)


def test_a_folder_without_a_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"expected a template with its copier\.yml"):
        bundle_of(tmp_path)


def test_a_link_in_a_template_is_refused(template: Path) -> None:
    (template / "template/leak").symlink_to("/etc/hostname")
    release(template, "0.2.0", {})
    with pytest.raises(Refused, match="to hold files alone, got: a link at template/leak"):
        bundle_of(template)


def test_a_bundle_of_odd_names_is_sound(tmp_path: Path) -> None:
    files = {"a": File(b""), "a-b": File(b"1"), "a/b": File(b"\0\xff", executable=True), "ä/{% x %}": File(b"2")}
    del files["a"]  # a file and a folder cannot share a name
    bundle, commits = write_bundle({"1.0": files, "1.1": files | {"a.b": File(b"x" * 5000)}})
    there = unbundled(bundle, tmp_path / "there")
    assert git(there, "rev-parse", "1.1") == commits["1.1"]
    assert len(git(there, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "1.1").split("\n")) == 4


def test_the_wheel_and_the_sdist_contain_them(clone: Path, tmp_path: Path, home: Path) -> None:
    """The real hook in a small project, run by a real build, under what Git for Windows is configured to convert."""
    shutil.copy(ROOT / "hatch_build.py", clone)
    for name in ("__init__.py", "bundle.py", "errors.py", "git.py", "locks.py", "places.py", "releases.py"):
        write(clone, {f"generator/asyncgen/{name}": (ROOT / "generator/asyncgen" / name).read_text()})
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    targets = '[tool.hatch.build.hooks.custom]\n[tool.hatch.build.targets.wheel]\npackages = ["generator/asyncgen"]\n'
    write(clone, {"pyproject.toml": f'{build}[project]\nname = "asyncgen"\nversion = "0.2.0"\n{targets}'})
    commit(clone)
    expected, found = bundle_of(clone)
    write(home, {".gitconfig": "[core]\n\tautocrlf = true\n"})
    # An sdist, and the wheel from it: no history is left at the second step.
    without_bytecode = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [UV, "build", "--quiet", "--out-dir", str(tmp_path / "dist"), str(clone)]
    subprocess.run(command, check=True, env=without_bytecode)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        listed = json.loads(packed.read("asyncgen/releases.json"))
        bundle = packed.read("asyncgen/releases.bundle")
    assert bundle == expected
    assert [one["commit"] for one in listed] == [one.commit for one in found]
    assert git(clone, "status", "--porcelain") == "", "the build leaves nothing behind"


def test_releases_are_added_to_the_cache(clone: Path, home: Path) -> None:
    _, found = bundle_of(clone)
    assert template_cache.install_bundled(clone) == ["0.1.0", "0.2.0"]
    assert template_cache.install_bundled(clone) == []
    assert template_cache.cached() == {one.version: one.commit for one in found}
    assert git(home / ".asyncgen/template", "status", "--porcelain") == ""
    assert (home / ".asyncgen/template" / README).read_text() == "# two\n"
    release(clone, "0.3.0", {README: "# three\n"})
    assert template_cache.install_bundled(clone) == ["0.3.0"]
    assert list(template_cache.cached()) == ["0.1.0", "0.2.0", "0.3.0"]
    assert template_cache.commit_of(found[0].source[:9]) == found[0].commit
    assert template_cache.source_of(found[0].commit) == found[0].source


def test_another_release_of_the_same_name_is_kept_beside(clone: Path, tmp_path: Path) -> None:
    template_cache.install_bundled(clone)
    first = template_cache.cached()["0.2.0"]
    git(clone, "checkout", "--quiet", "HEAD~2")
    release(clone, "0.2.0", {README: "# another two\n"})
    (added,) = template_cache.install_bundled(clone)
    assert added.startswith("0.2.0+g")
    assert template_cache.cached()["0.2.0"] == first


def test_a_foreign_folder_in_its_place_is_refused(clone: Path, home: Path) -> None:
    write(home, {".asyncgen/template/mine.txt": "mine\n"})
    with pytest.raises(Refused, match="move it away"):
        template_cache.install_bundled(clone)
    assert (home / ".asyncgen/template/mine.txt").read_text() == "mine\n"


def test_a_lock_that_a_killed_process_left_does_not_stop_it(clone: Path, home: Path) -> None:
    template_cache.install_bundled(clone)
    write(home, {".asyncgen/template/.git/index.lock": ""})
    release(clone, "0.3.0", {README: "# three\n"})
    assert template_cache.install_bundled(clone) == ["0.3.0"]
    assert (home / ".asyncgen/template" / README).read_text() == "# three\n"


# ---- the archives of this repository ----


@pytest.fixture(scope="module")
def archives(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist, the wheel that is built from it, and the wheel that is built from git."""
    folder = tmp_path_factory.mktemp("archives")
    subprocess.run([UV, "build", "--quiet", "--out-dir", folder, repository], check=True)
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder / "git", repository], check=True)
    (sdist,), (wheel,), (from_git,) = folder.glob("*.tar.gz"), folder.glob("*.whl"), folder.glob("git/*.whl")
    return {"sdist": sdist, "wheel": wheel, "wheel from git": from_git}


def tracked(repository: Path, *paths: str) -> set[str]:
    return set(git(repository, "ls-files", "--", *paths).splitlines())


@pytest.mark.xdist_group("archives")
def test_a_wheel_has_the_package_and_the_releases_and_nothing_else(
    repository: Path, archives: dict[str, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (newest,) = [each["commit"] for each in json.loads(wheel.read("asyncgen/releases.json"))][-1:]
        there = unbundled(wheel.read("asyncgen/releases.bundle"), tmp_path / "there")
    assert names == {
        *(path.removeprefix("generator/") for path in tracked(repository, "generator/asyncgen")),
        *(f"asyncgen/{name}" for name in ("releases.bundle", "releases.json")),
    }
    assert "asyncgen/py.typed" in names
    # Hidden files too: a list of names would miss none that git has.
    paths = ("copier.yml", "template", "CHANGELOG.md")
    assert set(git(there, "ls-tree", "-r", "--name-only", newest).splitlines()) == tracked(repository, *paths)
    assert archives["wheel"].read_bytes() == archives["wheel from git"].read_bytes()


@pytest.mark.xdist_group("archives")
def test_an_sdist_has_what_a_wheel_is_made_of(repository: Path, archives: dict[str, Path]) -> None:
    with tarfile.open(archives["sdist"]) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    sources = tracked(repository, "generator/asyncgen", "template", "copier.yml", "CHANGELOG.md")
    about = {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore", "PKG-INFO"}
    assert names == sources | about | {"releases.bundle", "releases.json"}


@pytest.mark.xdist_group("archives")
def test_a_wheel_says_what_it_is(archives: dict[str, Path]) -> None:
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        metadata = BytesParser().parsebytes(wheel.read(name))
        assert wheel.read(name.replace("METADATA", "licenses/LICENSE")) == (ROOT / "LICENSE").read_bytes()
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# asyncgen\n")
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(metadata.get_all("Classifier", [])))
    workflow = (ROOT / "template/service/{% if github %}.github{% endif %}/workflows/ci.yml.jinja").read_text()
    assert versions == json.loads(re.findall(r"matrix: {python: (\[.*\])}", workflow)[0]), "as services are tested"


@pytest.mark.xdist_group("archives")
def test_type_checkers_see_the_types_of_an_installed_wheel(archives: dict[str, Path], tmp_path: Path) -> None:
    python = tmp_path / "venv/bin/python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    install = [UV, "pip", "install", "--quiet", "--no-deps", "--python", str(python), str(archives["wheel"])]
    subprocess.run(install, check=True)
    use = """from asyncgen import TaskOptions, add_task, check_code, update_service
reveal_type(check_code("shop").findings[0].line)
reveal_type(update_service("shop", {"broker": "rabbitmq"}))
add_task("shop", "send", TaskOptions(max_retries="many"))
"""
    write(tmp_path, {"use.py": use})
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--python-executable", str(python)]
    done = subprocess.run([*command, "use.py"], cwd=tmp_path, capture_output=True, text=True)
    assert [line.rpartition("  [")[0] or line for line in done.stdout.splitlines()[:-1]] == [
        'use.py:2: note: Revealed type is "int"',
        'use.py:3: note: Revealed type is "asyncgen.api.ServiceUpdate | None"',
        'use.py:4: error: Argument "max_retries" to "TaskOptions" has incompatible type "str"; expected "int | None"',
    ], done.stderr


@pytest.mark.xdist_group("archives")
@pytest.mark.parametrize(
    ("way", "archive"),
    [
        ("uvx", "wheel"),
        *(
            pytest.param(way, archive, marks=pytest.mark.slow)
            for way in ("uvx", "pip", "pipx")
            for archive in ("wheel", "sdist")
            if (way, archive) != ("uvx", "wheel")
        ),
    ],
)
def test_it_installs_and_works_where_nothing_is(
    way: str, archive: str, archives: dict[str, Path], home: Path, tmp_path: Path
) -> None:
    """An empty folder, a home without a file, and no program on PATH but those of the system."""
    place = str(archives[archive])
    env = os.environ | {"HOME": str(home), "UV_CACHE_DIR": CACHE, "PATH": os.defpath}
    uvx = [str(UV), "tool", "run", "--quiet", "--python", sys.executable]
    command = {
        "uvx": [*uvx, "--from", place, "asyncgen"],
        "pipx": [*uvx, "pipx", "run", "--quiet", "--spec", place, "asyncgen"],
        "pip": [str(tmp_path / "venv/bin/asyncgen")],
    }[way]
    if way == "pip":
        subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
        subprocess.run([tmp_path / "venv/bin/python", "-m", "pip", "install", "--quiet", place], check=True, env=env)

    def run(*words: str, at: Path = tmp_path) -> str:
        ran = subprocess.run([*command, *words], cwd=at, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert run("--version").strip() == archives["wheel"].name.split("-")[1]
    run("new", "shop", "--defaults")
    run("add-task", "send_invoice", "--defaults", at=tmp_path / "shop")
    assert run("check", ".", at=tmp_path / "shop") == ""
