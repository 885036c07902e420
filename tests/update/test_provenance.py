"""Answers files, templates and names run no code, write nothing outside the project and give no secret away."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, git

from .planted import FIRST, QUESTIONS, release, snapshot

Command = Callable[..., Ran]


def record(service: Path, key: str, value: str) -> None:
    file = service / ".copier-answers.yml"
    text, number = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", file.read_text())
    assert number == 1
    file.write_text(text)
    commit(service)


def refused(asyncgen: Command, service: Path, *arguments: str) -> str:
    """The message of an update that has to leave the project as it is."""
    before = snapshot(service)
    ran = asyncgen("update", *arguments)
    assert ran.code == 2, ran.out
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err
    assert snapshot(service) == before
    return ran.err


@pytest.mark.parametrize(
    "settings",
    [
        "_tasks: ['touch {}']",
        "_migrations: [{{version: 0.0.1, before: ['touch {}']}}]",
        "_jinja_extensions: [os.path]",
        "_external_data: {{secret: ../secret.yml}}",
    ],
)
def test_a_template_that_would_run_code_is_refused(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path, settings: str
) -> None:
    release(template, "0.2.0", {"copier.yml": QUESTIONS + settings.format(tmp_path / "ran") + "\n"})
    assert "to run no code and read no other file" in refused(asyncgen, service)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("questions", ["- a list\n", "a: [\n", "!!python/object/apply:os.system ['true']\n"])
def test_broken_questions_are_refused(template: Path, service: Path, asyncgen: Command, questions: str) -> None:
    release(template, "0.2.0", {"copier.yml": questions})
    assert "copier.yml" in refused(asyncgen, service)


def test_code_in_a_template_stays_in_its_sandbox(template: Path, service: Path, asyncgen: Command) -> None:
    escape = "{{ ''.__class__.__mro__[1].__subclasses__() }}\n"
    release(template, "0.2.0", {"template/service/README.md.jinja": escape})
    assert "to be rendered" in refused(asyncgen, service)


@pytest.mark.parametrize("name", ["{{ '..' }}/{{ '..' }}/out.txt", "{{ '/tmp' }}/asyncgen-out.txt"])
def test_a_template_cannot_write_outside(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path, name: str
) -> None:
    release(template, "0.2.0", {f"template/service/{name}": "out\n"})
    ran = asyncgen("update")
    assert ran.code in (0, 2)
    assert not list(tmp_path.glob("out.txt"))
    assert not Path("/tmp/asyncgen-out.txt").exists()


def test_a_link_in_a_template_is_refused(template: Path, service: Path, asyncgen: Command, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    (template / "template/service/leak.txt").symlink_to(tmp_path / "secret")
    release(template, "0.2.0", {})
    assert "to hold files alone, got: a link" in refused(asyncgen, service)


def test_a_link_in_the_project_is_not_followed(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (service / "docs").symlink_to(tmp_path / "elsewhere")
    commit(service)
    release(template, "0.2.0", {"template/service/docs/guide.md": "guide\n"})
    assert "docs/guide.md to stay in" in refused(asyncgen, service)
    assert os.listdir(tmp_path / "elsewhere") == []


def test_a_file_that_became_a_link_is_kept(template: Path, service: Path, asyncgen: Command, tmp_path: Path) -> None:
    (tmp_path / "target.md").write_text("mine\n")
    (service / "README.md").unlink()
    (service / "README.md").symlink_to(tmp_path / "target.md")
    commit(service)
    release(template, "0.2.0", {"template/service/README.md.jinja": "# new\n"})
    ran = asyncgen("update")
    assert ran.code == 1
    assert "README.md: it is no regular file here" in ran.out
    assert (tmp_path / "target.md").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("src", "message"),
    [
        ("../template", "to be a git URL or an absolute path, got: ../template"),
        ("/nowhere/at/all", "to be at /nowhere/at/all, got: no such folder"),
        ("git+ext::sh -c touch% PWNED", "to be reachable"),
        ("git+--upload-pack=touch PWNED", "got:"),
        ("https://ann:s3cret@example.org/t.git", "to hold no password or token"),
        ("https://ghp_s3cret@example.org/t.git", "to hold no password or token"),
    ],
)
def test_a_planted_source_is_refused(service: Path, asyncgen: Command, src: str, message: str) -> None:
    record(service, "_src_path", src)
    error = refused(asyncgen, service)
    assert message in error
    assert "s3cret" not in error
    assert not list(service.rglob("*PWNED*"))


@pytest.mark.parametrize("name", ["--output=x", "HEAD", "0000000", "$(touch x)", "../../x"])
def test_a_planted_commit_is_refused(service: Path, asyncgen: Command, name: str) -> None:
    record(service, "_commit", f"'{name}'")
    if name == "HEAD":
        assert asyncgen("update").code == 0
    else:
        refused(asyncgen, service)
    assert not (service / "x").exists()


def test_a_commit_that_was_only_proposed_is_refused(
    template: Path, service: Path, asyncgen: Command, tmp_path: Path
) -> None:
    git(template, "checkout", "--quiet", "-b", "proposal")
    proposed = release(template, "0.1.1", {"template/service/evil.sh": "evil\n"})
    git(template, "checkout", "--quiet", "main")
    git(template, "update-ref", "refs/pull/1/head", proposed)
    git(template, "branch", "--quiet", "-D", "proposal")
    record(service, "_src_path", f"git+{template.as_uri()}")
    record(service, "_commit", proposed)
    assert "got: a commit that was only proposed there" in refused(asyncgen, service)


def test_answers_are_values_and_not_templates(template: Path, service: Path, asyncgen: Command) -> None:
    record(service, "service_name", "\"{{ ''.__class__ }}\"")
    release(
        template, "0.2.0", {"template/service/README.md.jinja": FIRST["template/service/README.md.jinja"] + "New.\n"}
    )
    asyncgen("update", "--no-verify")
    assert "<class" not in (service / "README.md").read_text()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "command", ["update", "update --check", "update -d broker=rabbit", "add-task send_invoice --defaults", "tasks"]
)
def test_answers_that_expand_without_end_are_refused(service: Path, asyncgen: Command, command: str) -> None:
    aliases = "".join(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]\n" for number in range(1, 60))
    with (service / ".copier-answers.yml").open("a") as file:
        file.write(f"a0: &a0 [x, x]\n{aliases}deploy: *a59\n")
    commit(service)
    before = snapshot(service)
    ran = asyncgen(*command.split())
    assert (ran.code, ran.err.count("\n"), ran.out) == (2, 1, "")
    assert "aliases that stand for more than" in ran.err
    assert snapshot(service) == before


def test_a_program_that_gits_configuration_names_is_not_run(template: Path, service: Path, asyncgen: Command) -> None:
    git(service, "config", "core.fsmonitor", "touch PWNED;")
    release(template, "0.2.0", {"template/service/src/{{package}}/added.py": "ADDED = True\n"})
    assert asyncgen("update").code == 0
    assert not list(service.rglob("PWNED"))


@pytest.mark.parametrize("command", ["update", "update --dry-run"])
def test_a_bare_repository_among_the_files_of_a_clone_is_not_used(
    template: Path, service: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """It would bring a configuration of its own, whose filters run when git compares a file."""
    planted = service / "planted"
    shutil.copytree(service, planted, ignore=shutil.ignore_patterns(".git"))
    git(service, "init", "--quiet", "--bare", str(planted))
    git(planted, "config", "core.bare", "false")
    git(planted, "config", "core.worktree", ".")
    commit(planted)
    git(planted, "config", "filter.x.clean", f"touch {service}/PWNED;cat")
    (planted / ".gitattributes").write_text("* filter=x\n")
    (planted / "README.md").touch()
    release(template, "0.2.0", {"template/service/README.md.jinja": "# new\n"})
    monkeypatch.chdir(planted)
    asyncgen(*command.split())
    assert not list(service.rglob("PWNED"))
