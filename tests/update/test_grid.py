"""From every way of installing, on every machine, from every earlier release: the template is found and followed."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import commit, git

from .histories import earlier, history
from .installs import WAYS, Install, install
from .planted import snapshot

RELEASES = [*earlier(), "90.0.0"]
NEWEST = "91.0.0"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A clone with every release and the planted ones, and the commit of each."""
    folder = tmp_path_factory.mktemp("world")
    return folder, history(folder / "asyncgen")


@pytest.fixture
def get(world: tuple[Path, dict[str, str]]) -> Callable[[str, str], Install]:
    """An install of a way at a release. The generator is always today's: an earlier one had no update."""
    folder, commits = world

    def got(way: str, version: str) -> Install:
        return install(way, folder / "asyncgen", commits[version], folder)

    return got


def make(author: Install, release: str, home: Path, at: Path) -> Path:
    options = ["--template", author.template] if author.template else []
    done = author.run("asyncgen", "new", "shop", "--defaults", "--ref", release, *options, home=home, at=at)
    assert done.returncode == 0, done.stderr
    project = at / "shop"
    readme = project / "README.md"
    readme.write_text("Mine.\n" + readme.read_text())
    (project / "src/shop/tasks/mine.py").write_text("MINE = True\n")
    commit(project)
    return project


def is_new(project: Path) -> None:
    readme = (project / "README.md").read_text()
    assert readme.startswith("Mine.\n")
    assert readme.endswith("A line at the end.\n")
    assert (project / "docs/region.md").read_text() == "# Region\n\nnorth\n"
    assert (project / "GUIDE.md").is_file()
    assert not (project / "AGENTS.md").exists()
    assert (project / "src/shop/tasks/mine.py").read_text() == "MINE = True\n"


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("way", WAYS)
def test_on_the_same_machine_both_commands_agree(
    way: str, release: str, world: tuple[Path, dict[str, str]], get: Callable[[str, str], Install], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    project = make(get(way, "90.0.0"), ref(way, release, world), home, tmp_path)
    copied = Path(shutil.copytree(project, tmp_path / "elsewhere" / "shop"))
    newer = get(way, NEWEST)
    assert newer.run("asyncgen", "update", "--check", home=home, at=project).returncode == 1
    ours = newer.run("asyncgen", "update", home=home, at=project)
    assert ours.returncode == 0, ours.stdout + ours.stderr
    is_new(project)
    plain = newer.run("copier", "update", "--defaults", "--quiet", home=home, at=copied)
    assert plain.returncode == 0, plain.stderr
    is_new(copied)
    assert snapshot(project) == snapshot(copied)


def ref(way: str, release: str, world: tuple[Path, dict[str, str]]) -> str:
    # A wheel knows its releases by name. Elsewhere a release is a commit, which any clone has.
    return release if way == "wheel" else world[1][release]


@pytest.mark.parametrize("release", [*(pytest.param(r, marks=pytest.mark.slow) for r in RELEASES[:-1]), RELEASES[-1]])
@pytest.mark.parametrize("way", ["wheel", pytest.param("editable", marks=pytest.mark.slow)])
def test_a_teammate_needs_one_command(
    way: str, release: str, get: Callable[[str, str], Install], tmp_path: Path
) -> None:
    project = make(get("wheel", "90.0.0"), release, tmp_path / "ann", tmp_path)
    assert "\n_src_path: ~/.asyncgen/template\n" in (project / ".copier-answers.yml").read_text()
    copied = Path(shutil.copytree(project, tmp_path / "ben's" / "shop"))
    there, home = Path(shutil.copytree(copied, tmp_path / way / "shop")), tmp_path / "ben"
    ben = get(way, NEWEST)
    missing = ben.run("copier", "update", "--defaults", "--quiet", home=home, at=there)
    assert missing.returncode != 0
    assert ben.run("asyncgen", "template", "sync", home=home, at=there).returncode == 0
    done = ben.run("copier", "update", "--defaults", "--quiet", home=home, at=there)
    assert done.returncode == 0, done.stderr
    is_new(there)
    assert "\n_commit: 91.0.0\n" in (there / ".copier-answers.yml").read_text()
    done = get("wheel", NEWEST).run("asyncgen", "update", home=tmp_path / "third", at=copied)
    assert done.returncode == 0, "asyncgen update needs no command before it"
    is_new(copied)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["editable", "folder"])
def test_a_teammate_without_the_recorded_clone(
    way: str, world: tuple[Path, dict[str, str]], get: Callable[[str, str], Install], tmp_path: Path
) -> None:
    clone, commits = world[0] / "asyncgen", world[1]
    wheel = get("wheel", NEWEST)
    project = make(get(way, "90.0.0"), commits["90.0.0"], tmp_path / "ann", tmp_path)
    hidden = clone.rename(clone.with_name("hidden"))
    try:
        done = wheel.run("asyncgen", "update", home=tmp_path / "ben", at=project)
    finally:
        hidden.rename(clone)
    assert done.returncode == 0, done.stderr
    assert "is not on this machine: asyncgen's own release is used" in done.stderr
    is_new(project)
    answers = (project / ".copier-answers.yml").read_text()
    assert f"_src_path: {clone}\n" in answers
    # What is recorded has to hold where the clone is: its own commit.
    recorded = re.search(r"_commit: '?(\w+)", answers)
    assert recorded is not None
    assert commits[NEWEST].startswith(recorded[1])


def test_without_network_a_wheel_updates_and_a_url_uses_what_was_fetched(
    world: tuple[Path, dict[str, str]], get: Callable[[str, str], Install], tmp_path: Path
) -> None:
    clone, commits = world[0] / "asyncgen", world[1]
    author, home = get("git-url", "90.0.0"), tmp_path / "home"
    project = make(author, commits["90.0.0"], home, tmp_path)
    newer = get("git-url", NEWEST)
    before = snapshot(project)
    hidden = clone.rename(clone.with_name("hidden"))
    try:
        other_user = newer.run("asyncgen", "update", home=tmp_path / "other_user", at=project)
        assert other_user.returncode == 2
        assert "to be reachable" in other_user.stderr
        assert other_user.stderr.count("\n") == 1
        assert snapshot(project) == before
        done = newer.run("asyncgen", "update", home=home, at=project)
    finally:
        hidden.rename(clone)
    assert done.returncode == 0, done.stderr
    assert "What was fetched before is used" in done.stderr
    is_new(project)


def test_a_release_that_this_asyncgen_does_not_know_is_refused(
    get: Callable[[str, str], Install], tmp_path: Path
) -> None:
    newer = get("wheel", NEWEST)
    done = newer.run("asyncgen", "new", "shop", "--defaults", home=tmp_path / "ann", at=tmp_path)
    assert done.returncode == 0, done.stderr
    project = tmp_path / "shop"
    before = snapshot(project)
    for command in (["update"], ["template", "sync"], ["add-task", "send_invoice", "--defaults"]):
        done = get("wheel", "90.0.0").run("asyncgen", *command, home=tmp_path / "ben", at=project)
        assert done.returncode == 2, done.stdout
        assert (
            "install a wheel of that release of asyncgen or a newer one, and run asyncgen template sync" in done.stderr
        )
    assert snapshot(project) == before
    assert git(project, "status", "--porcelain") == ""
