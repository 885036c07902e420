"""Whatever a template renders stays in the project and out of .git, reads nothing else, and fails in one sentence."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, write

from .planted import QUESTIONS, release, snapshot

Command = Callable[..., Ran]
SERVICE = "template/service"
README = f"{SERVICE}/README.md.jinja"
TASK = "template/task/src/{{package}}/tasks/{{name}}.py.jinja"
STAY = "to stay in the project and out of .git"
HOOK = "#!/bin/sh\ntouch PWNED\n"
IN_GIT = {
    "hook": {"{{ '.git' }}/hooks/post-commit": HOOK},
    "filter": {"{{ '.git' }}/config": '[filter "x"]\nclean = touch PWNED; cat\n', ".gitattributes": "* filter=x\n"},
    "file": {"{{ '.git' }}": "gitdir: /nowhere\n"},
    "windows": {"{{ 'git~1' }}/hooks/post-commit": HOOK},
    "deeper": {"vendor/{{ '.GIT' }}/hooks/post-commit": HOOK},
}
BOMB = "a0: &a0 {k: x}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
FAULTS = {
    "range": "{% for x in range(10**9) %}{{ x }}{% endfor %}",
    "memory": "{{ 'x' * 10**18 }}",
    "recursion": "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "type": "{{ 'a' + 1 }}",
}


def refused(ran: Ran) -> str:
    """The one sentence of a command that refused."""
    assert ran.code == 2, ran.out
    assert ran.err.startswith("asyncgen: expected ")
    assert ran.err.count("\n") == 1
    return ran.err


@pytest.fixture
def new(template: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`asyncgen new` with the template, which has to refuse and to leave nothing."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def ran(*arguments: str) -> str:
        message = refused(asyncgen("new", "fresh", "--defaults", "--template", str(template), *arguments))
        assert os.listdir() == []
        return message

    return ran


@pytest.fixture
def unchanged(service: Path, asyncgen: Command) -> Callable[..., str]:
    """A command in the service, which has to refuse and to write neither into the service nor into its .git."""

    def ran(*arguments: str) -> str:
        before = snapshot(service), sorted((service / ".git").rglob("*"))
        message = refused(asyncgen(*arguments))
        assert before == (snapshot(service), sorted((service / ".git").rglob("*")))
        return message

    return ran


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no template may read or write; the secret in it is a variable, too."""
    monkeypatch.setenv("SECRET", "s3cret")
    write(tmp_path, {"outside/s3cret": "s3cret"})
    return tmp_path / "outside"


@pytest.mark.parametrize("files", IN_GIT.values(), ids=IN_GIT)
def test_new_renders_nothing_into_git(template: Path, new: Callable[..., str], files: dict[str, str]) -> None:
    release(template, "0.2.0", {f"{SERVICE}/{path}": content for path, content in files.items()})
    assert STAY in new()


@pytest.mark.parametrize("option", ["--no-git", "--dry-run"])
def test_new_without_a_repository_renders_nothing_into_git(
    template: Path, new: Callable[..., str], option: str
) -> None:
    release(template, "0.2.0", {f"{SERVICE}/{{{{ '.git' }}}}/hooks/post-commit": HOOK})
    assert STAY in new(option)


@pytest.mark.parametrize("files", IN_GIT.values(), ids=IN_GIT)
def test_an_update_writes_nothing_into_git(
    template: Path, unchanged: Callable[..., str], files: dict[str, str]
) -> None:
    release(template, "0.2.0", {f"{SERVICE}/{path}": content for path, content in files.items()})
    assert STAY in unchanged("update")


@pytest.mark.parametrize("path", ["{{ '.git' }}/hooks/post-commit", "{{ '..' }}/out", "{{ '/' }}tmp/asyncgen-out"])
def test_a_task_writes_nothing_into_git_or_outside(
    template: Path, service: Path, asyncgen: Command, unchanged: Callable[..., str], path: str
) -> None:
    release(template, "0.2.0", {TASK: "", f"template/task/{path}.jinja": HOOK})
    assert asyncgen("update").code == 0
    commit(service)
    for option in ("--defaults", "--dry-run"):
        assert STAY in unchanged("add-task", "send_invoice", option)
    assert not Path("/tmp/asyncgen-out").exists()


def test_a_link_of_the_project_leads_no_change_into_git(
    template: Path, service: Path, unchanged: Callable[..., str]
) -> None:
    (service / ".git/hooks").mkdir()
    (service / "docs").symlink_to(".git/hooks")
    commit(service)
    release(template, "0.2.0", {f"{SERVICE}/docs/post-commit": HOOK})
    assert "docs/post-commit" in unchanged("update")


@pytest.mark.parametrize("target", ["{outside}", "../outside", ".git/hooks", "README.md"])
def test_a_template_renders_no_link(template: Path, new: Callable[..., str], outside: Path, target: str) -> None:
    (template / SERVICE / "link").symlink_to(target.format(outside=outside))
    release(template, "0.2.0", {"copier.yml": QUESTIONS + "_preserve_symlinks: true\n"})
    assert "got: a link at template/service/link;" in new()


@pytest.mark.parametrize("name", ["{{ 'link%d' }}", "{{ '..' }}", "{{ place }}"])
def test_a_render_writes_nothing_outside(template: Path, new: Callable[..., str], outside: Path, name: str) -> None:
    settings = f"_preserve_symlinks: true\nplace: {{type: str, default: '{outside}'}}\n"
    # The order of a render is the file system's: of many, some link comes before what is to be written through it.
    for number in range(10):
        (template / SERVICE / f"link{number}").symlink_to(outside)
        write(template, {f"{SERVICE}/{name.replace('%d', str(number))}/file{number}": "out\n"})
    release(template, "0.2.0", {"copier.yml": QUESTIONS + settings})
    new()
    assert os.listdir(outside) == ["s3cret"]
    assert not list(Path("..").glob("file*"))


@pytest.mark.parametrize(
    "reading",
    [
        "{% include 'leak' %}",
        "{% include '../outside/s3cret' %}",
        "{% include '{outside}/s3cret' %}",
        "{{ '$SECRET' | expandvars }}",
        "{{ '{outside}/*' | fileglob | join }}",
    ],
)
def test_a_template_reads_nothing_outside(template: Path, new: Callable[..., str], outside: Path, reading: str) -> None:
    (template / "leak").symlink_to(outside / "s3cret")
    release(template, "0.2.0", {README: reading.replace("{outside}", str(outside))})
    assert "to be rendered, got: " in new()


@pytest.mark.parametrize("target", ["s3cret", "."])
def test_a_link_of_the_template_is_not_followed_out(
    template: Path, new: Callable[..., str], outside: Path, target: str
) -> None:
    (template / SERVICE / "leak").symlink_to(outside / target)
    commit(template)
    assert "got: a link at template/service/leak;" in new()


@pytest.mark.parametrize(
    "files",
    [
        *({README: fault} for fault in FAULTS.values()),
        {f"{SERVICE}/{{{{ range(10**9) | list }}}}": ""},
        {f"{SERVICE}/{{{{ 'x' * 300 }}}}": ""},
        {f"{SERVICE}/{{{{ 'README.md' }}}}/file": ""},
        {"copier.yml": QUESTIONS + 'more: {type: str, default: "{{ range(10**9) | list }}"}\n'},
        {"copier.yml": QUESTIONS.replace("{% if _copier_operation", "{% if range(10**9) and _copier_operation")},
    ],
    ids=[*FAULTS, "name", "long name", "file as folder", "default", "exclude"],
)
def test_a_fault_of_a_template_is_one_sentence(
    template: Path, unchanged: Callable[..., str], files: dict[str, str | None]
) -> None:
    release(template, "0.2.0", files)
    message = unchanged("update")
    assert "to be rendered, got: " in message
    assert "--ref" not in message


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_a_task_s_template_is_one_sentence(
    template: Path, service: Path, asyncgen: Command, unchanged: Callable[..., str], fault: str
) -> None:
    release(template, "0.2.0", {TASK: fault})
    assert asyncgen("update").code == 0
    commit(service)
    assert "template/task of the template version" in unchanged("add-task", "send_invoice", "--defaults")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("questions", [QUESTIONS + BOMB, "- a list\n", "a: [\n", "a: !include b.yml\n", "\0", ""])
def test_questions_that_cannot_be_read_are_one_sentence(
    template: Path, new: Callable[..., str], questions: str
) -> None:
    release(template, "0.2.0", {"copier.yml": questions})
    assert "expected copier.yml of the template" in new()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "files",
    [{"copier.yml": QUESTIONS + BOMB}, {"template/history.yml": BOMB}, {"template/history.yml": "files: {1: [2\n"}],
    ids=["questions", "history", "broken history"],
)
def test_yaml_of_a_release_that_cannot_be_read_is_one_sentence(
    template: Path, unchanged: Callable[..., str], files: dict[str, str | None]
) -> None:
    release(template, "0.2.0", files)
    assert ".yml of the template" in unchanged("update")


@pytest.mark.parametrize("content", [None, "- a list\n", "a: [\n"])
def test_a_template_that_records_no_answers_is_one_sentence(
    template: Path, new: Callable[..., str], content: str | None
) -> None:
    release(template, "0.2.0", {f"{SERVICE}/{{{{_copier_conf.answers_file}}}}.jinja": content})
    assert "to make .copier-answers.yml, got: " in new()
