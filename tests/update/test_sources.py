"""Where a project's template is on this machine, and the message where it is not."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, git

from .histories import ROOT
from .installs import Install, unpacked_wheel
from .planted import PACKAGE, release, snapshot

README = "template/service/README.md.jinja"


def test_a_shallow_clone_made_anew_says_how_to_go_on(
    template: Path, service: Path, asyncgen: Callable[..., Ran]
) -> None:
    origin = template.rename(template.with_name("origin"))
    release(origin, "0.2.0", {README: "# new\n"})
    git(origin, "clone", "--quiet", "--depth=1", origin.as_uri(), str(template))
    refused = asyncgen("update", "--check")
    assert refused.code == 2
    advice = re.fullmatch(
        r"asyncgen: expected .*, got: .* in a shallow clone; run (git -C .* fetch --unshallow)\n", refused.err
    )
    assert advice, refused.err
    subprocess.run(shlex.split(advice[1]), check=True, capture_output=True)
    assert asyncgen("update").code == 0
    assert Path("README.md").read_text() == "# new\n"


@pytest.fixture
def wheels(template: Path, tmp_path: Path) -> tuple[Install, Install]:
    """A wheel whose template can add tasks, and one with a release after it."""
    shutil.copytree(ROOT / "template/task", template / "template/task")
    release(template, "0.2.0", {f"{PACKAGE}/settings.py": ""})
    first = unpacked_wheel(template, tmp_path / "first")
    release(template, "0.3.0", {README: "# new\n"})
    return first, unpacked_wheel(template, tmp_path / "second")


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """A home in which nothing can be written, whoever asks."""
    (tmp_path / "home").write_text("a file\n")
    return tmp_path / "home"


def test_a_wheel_works_without_a_writable_home(
    wheels: tuple[Install, Install], unwritable: Path, tmp_path: Path
) -> None:
    first, second = wheels
    place, work = tmp_path / "the place", tmp_path / "work"
    work.mkdir()

    def run(wheel: Install, *command: str) -> str:
        at = work / "shop" if (work / "shop").exists() else work
        done = wheel.run("asyncgen", *command, home=unwritable, at=at, ASYNCGEN_HOME=str(place))
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(first, "new", "shop", "--defaults")
    answers = work / "shop/.copier-answers.yml"
    assert "\n_src_path: ~/.asyncgen/template\n" in answers.read_text()
    assert "_commit: 0.2.0\n" in answers.read_text()
    run(first, "add-task", "send_invoice", "--defaults")
    assert str(place / "template") in run(second, "template", "sync")
    run(second, "update")
    assert (work / "shop/README.md").read_text() == "# new\n"
    assert "\n_src_path: ~/.asyncgen/template\n" in answers.read_text()
    assert "_commit: 0.3.0\n" in answers.read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"first", "home", "second", "template", "the place", "work"}


def test_without_a_writable_home_one_sentence_names_the_variable(
    wheels: tuple[Install, Install], unwritable: Path, template: Path, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    for variable, options in (
        ("ASYNCGEN_HOME", ()),
        ("XDG_CACHE_HOME", ("--template", f"git+{template.as_uri()}")),
    ):
        done = wheels[0].run(
            *("asyncgen", "new", "shop", "--defaults", *options),
            home=unwritable,
            at=tmp_path / "work",
            XDG_CACHE_HOME="",
        )
        assert done.returncode == 2
        assert done.stderr.startswith("asyncgen: expected ")
        assert done.stderr.endswith(f"; set {variable} to a folder that is\n")
        assert done.stderr.count("\n") == 1
    assert snapshot(tmp_path / "work") == {}


def test_a_cache_that_is_no_repository_is_one_sentence(wheels: tuple[Install, Install], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert wheels[0].run("asyncgen", "template", "sync", home=home, at=tmp_path).returncode == 0
    (home / ".asyncgen/template/.git/HEAD").unlink()
    done = wheels[1].run("asyncgen", "template", "sync", home=home, at=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"asyncgen: expected .*, got: .*; move it away and run asyncgen template sync\n", done.stderr)


def test_a_cache_of_another_owner_is_one_sentence(wheels: tuple[Install, Install], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert wheels[0].run("asyncgen", "template", "sync", home=home, at=tmp_path).returncode == 0
    done = wheels[1].run("asyncgen", "template", "sync", home=home, at=tmp_path, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert done.returncode == 2
    assert re.fullmatch(
        r"asyncgen: expected .*, got: another owner, .*; run git config .* safe\.directory .*\n", done.stderr
    )


@pytest.mark.parametrize("kind", ["wheel", "path", "url"])
def test_the_answers_file_says_what_copier_lacks(kind: str, template: Path, tmp_path: Path) -> None:
    """A teammate has the project and copier, and a machine on which nothing of asyncgen ever ran."""
    answers = "template/service/{{_copier_conf.answers_file}}.jinja"
    release(template, "0.2.0", {answers: (ROOT / answers).read_text()})
    wheel = unpacked_wheel(template, tmp_path / "site")
    named = {"wheel": [], "path": ["--template", str(template)], "url": ["--template", f"git+{template.as_uri()}"]}
    made = wheel.run("asyncgen", "new", "shop", "--defaults", *named[kind], home=tmp_path / "ann", at=tmp_path)
    assert made.returncode == 0, made.stderr
    project, gone = tmp_path / "shop", template.with_name("gone")
    if kind != "url":
        template.rename(gone)
    lacking = wheel.run("copier", "update", "--defaults", home=tmp_path / "ben", at=project)
    text = (project / ".copier-answers.yml").read_text()
    header = " ".join(line.removeprefix("# ") for line in text.splitlines() if line.startswith("# "))
    if kind == "url":
        assert lacking.returncode == 0, lacking.stderr
        assert "any machine that reaches it needs nothing else" in header
        return
    assert "Local template must be a directory" in lacking.stderr
    _, says, advice = header.partition('"Local template must be a directory"')
    assert says
    command = re.search(r"`asyncgen ([a-z ]+)`", advice)
    assert command
    helped = wheel.run("asyncgen", *command[1].split(), home=tmp_path / "ben", at=project)
    assert helped.returncode == 0, helped.stderr
    if kind == "path":
        assert "clone it to that path" in advice
        gone.rename(template)
    assert wheel.run("copier", "update", "--defaults", home=tmp_path / "ben", at=project).returncode == 0
