"""`asyncgen new`: what it prints, what it makes, and that it leaves nothing behind where it fails."""

import inspect
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from asyncgen.cli.new import new
from tests.support import git

ROOT = Path(__file__).parents[2]
FILES = [
    ".copier-answers.yml",
    ".gitignore",
    "README.md",
    "src/shop/__init__.py",
    "src/shop/queues.py",
    "src/shop/settings.py",
    "src/shop/tasks/__init__.py",
]
SUMMARY = """\
shop: the package shop

  src/shop/tasks/
  src/shop/queues.py    The queue table
  src/shop/settings.py
  README.md
  and 3 more files

  publishers -> redis -> critical -> its workers: 30 s at most
  publishers -> redis -> default  -> its workers: 300 s at most
  publishers -> redis -> bulk     -> its workers: 1500 s at most
  keys of finished work: redis, results: none

It needs:
"""
Asyncgen = Callable[..., Any]


def answers(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / ".copier-answers.yml").read_text())
    return loaded


def tree(folder: Path) -> list[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.parts[0] != ".git")


def asked_questions() -> dict[str, dict[str, Any]]:
    loaded = yaml.safe_load((ROOT / "copier.yml").read_text())
    return {
        name: details
        for name, details in loaded.items()
        if not name.startswith("_") and details.get("when") is not False
    }


def options() -> dict[str, Any]:
    return {name: parameter.annotation.__metadata__[0] for name, parameter in inspect.signature(new).parameters.items()}


def test_its_output(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "shop", "--defaults")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.startswith(SUMMARY)
    assert ran.out.partition("\n\nMade ")[2] == (
        f"shop: 7 files from the template at {git(template, 'rev-parse', 'HEAD')[:7]}, "
        "in a new git repository.\n"
        "\n"
        "Next:\n"
        "  cd shop\n"
        "  make test\n"
        "  make demo\n"
        "  asyncgen add-task send_invoice\n"
        "\n"
        "It names no author: give --author-name and --author-email, or set git's user.name and user.email.\n"
        "\n"
        "The same answers again:\n"
        "  asyncgen new shop --defaults --service-name shop --package shop\n"
    )
    assert tree(workdir / "shop") == FILES
    assert os.listdir(workdir) == ["shop"]


def test_the_template_and_its_commit_are_recorded(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    asyncgen("new", "shop")
    recorded = answers(workdir / "shop")
    assert recorded["_src_path"] == str(template)
    assert git(template, "rev-parse", recorded["_commit"]) == git(template, "rev-parse", "HEAD")


def test_every_question_has_a_flag() -> None:
    assert set(asked_questions()) <= set(options())


@pytest.mark.parametrize("name", [name for name, details in asked_questions().items() if "choices" in details])
def test_a_flag_names_the_choices_of_its_question(name: str) -> None:
    choices = asked_questions()[name]["choices"]
    assert options()[name].metavar == "|".join(choices.values())


def test_flags_and_data_answer(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    flags = (
        "--service-name 'Web Shop' --author-name Ann --broker rabbitmq --queue-layout latency --scheduler --ci none "
    )
    flags += "--producer django --observe metrics"
    ran = asyncgen("new", "shop", *shlex.split(flags), "-d", "idempotency_store=postgresql", "-d", "deploy=")
    assert ran.code == 0
    answered = {
        "service_name": "Web Shop",
        "package": "web_shop",
        "author_name": "Ann",
        "author_email": "",
        "broker": "rabbitmq",
        "queue_layout": "latency",
        "idempotency_store": "postgresql",
        "results": "none",
        "scheduler": True,
        "producer": "django",
        "ci": "none",
        "subfolder": "",
        "deploy": [],
        "observe": ["metrics"],
    }
    assert answered.items() <= answers(workdir / "shop").items()


def test_none_of_several_is_said_as_in_the_dialogue(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    assert asyncgen("new", "shop", "--deploy", "none", "-d", "observe=none").code == 0
    answered = answers(workdir / "shop")
    assert (answered["deploy"], answered["observe"]) == ([], [])


def test_the_replay_makes_the_same(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    first = asyncgen(
        "new", "shop", "--service-name", "Web Shop", "--scheduler", "--broker", "rabbitmq", "-d", "deploy="
    )
    replay = shlex.split(first.out.splitlines()[-1])
    (workdir / "shop").rename(workdir / "first")
    assert asyncgen(*replay[1:]).code == 0
    assert answers(workdir / "shop") == answers(workdir / "first")


def test_dry_run_lists_and_leaves_nothing(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "shop", "--dry-run")
    listed = "\n".join(["Would make shop with 7 files:", *(f"  {path}" for path in FILES), ""])
    assert ran.out.startswith(SUMMARY)
    assert ran.out.endswith(f"\n\n{listed}")
    assert os.listdir(workdir) == []


def test_json(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "shop", "--json", "--broker", "rabbitmq")
    report = json.loads(ran.out)
    assert report.pop("answers")["broker"] == "rabbitmq"
    assert report == {
        "destination": str(workdir / "shop"),
        "template": str(template),
        "commit": git(template, "rev-parse", "HEAD"),
        "files": FILES,
        "committed": True,
        "unlocked": None,
        "work_tree": None,
        "advice": [],
        "dry_run": False,
    }


def test_the_first_commit_holds_all_files(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    asyncgen("new", "shop")
    assert git(workdir / "shop", "status", "--porcelain") == ""
    assert git(workdir / "shop", "ls-files").splitlines() == FILES
    assert (
        git(workdir / "shop", "log", "--format=%an <%ae> %s")
        == "asyncgen <asyncgen@localhost> Start shop with asyncgen"
    )


def test_the_answers_name_the_committer(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    asyncgen("new", "shop", "--author-name", "Ann", "--author-email", "ann@example.org")
    assert git(workdir / "shop", "log", "--format=%an <%ae>") == "Ann <ann@example.org>"


def test_the_users_own_identity_is_kept(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    Path(os.environ["HOME"], ".gitconfig").write_text("[user]\nname = Bo\nemail = bo@example.org\n")
    asyncgen("new", "shop")
    assert git(workdir / "shop", "log", "--format=%an <%ae>") == "Bo <bo@example.org>"


def test_the_users_hooks_signing_and_ignores_do_not_reach_it(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    home = Path(os.environ["HOME"])
    (home / "hooks").mkdir()
    (home / "hooks" / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (home / "hooks" / "pre-commit").chmod(0o755)
    (home / "ignores").write_text("*.md\n")
    (home / ".gitconfig").write_text(
        f"[core]\nhooksPath = {home}/hooks\nexcludesFile = {home}/ignores\n"
        "[commit]\ngpgsign = true\n[gpg]\nprogram = false\n"
    )
    assert asyncgen("new", "shop").code == 0
    assert git(workdir / "shop", "ls-files").splitlines() == FILES


def test_no_git_makes_no_repository(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "shop", "--no-git")
    assert "repository" not in ran.out
    assert not (workdir / "shop" / ".git").exists()


def test_an_empty_folder_is_taken(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (workdir / "shop").mkdir()
    assert asyncgen("new", "shop").code == 0
    assert tree(workdir / "shop") == FILES


def test_uncommitted_changes_of_the_template_are_not_used(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (template / "template/service/README.md.jinja").write_text("not yet\n")
    ran = asyncgen("new", "shop")
    commit = git(template, "rev-parse", "HEAD")[:7]
    assert ran.err == f"note: {template} has uncommitted changes, which are not used: commit {commit} is.\n"
    assert (workdir / "shop" / "README.md").read_text() == "# shop\n"
    assert answers(workdir / "shop")["_commit"] == commit


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("new", "missing argument 'DEST'; see asyncgen new --help"),
        ("new shop --brocker redis", "no such option: --brocker"),
        (
            "new shop -d brocker=redis",
            "expected a question of the template, got: brocker; did you mean broker?",
        ),
        ("new shop -d zzz=1", "expected a question of the template, got: zzz; see asyncgen new --help"),
        ("new shop -d redis=true", "expected a question of the template, got: redis; see asyncgen new --help"),
        ("new shop -d broker", "expected --data to be KEY=VALUE, got: broker"),
        ("new shop --broker rabbit", "expected broker to be redis or rabbitmq, got: rabbit; did you mean rabbitmq?"),
        ("new shop --ci jenkins", "expected ci to be github, gitlab or none, got: jenkins"),
        ("new shop --observe statsd", "expected observe to be metrics, traces or sentry, got: statsd"),
        ("new shop --deploy heroku", "expected deploy to be compose or kubernetes, got: heroku"),
        ("new shop -d scheduler=maybe", "expected scheduler to be true or false, got: maybe"),
        (
            "new shop --package 9shop",
            'expected package to be 1 to 20 lowercase letters, digits or "_" that begin with a letter, got: 9shop',
        ),
        (
            "new nowhere/shop",
            "expected {workdir}/nowhere to be a folder, got: no such folder; run mkdir -p {workdir}/nowhere",
        ),
        (
            "new .",
            "expected a folder other than the current one, which is replaced as a whole, got: {workdir}; "
            "run asyncgen new workdir in {parent}",
        ),
        ("new shop --ref nonesuch", "expected the template {template} to hold copier.yml at nonesuch, got: no such"),
        (
            "new shop --template /nonesuch",
            "expected the template /nonesuch to be the root of a git clone, got: no such",
        ),
        ("nonesuch", "no such command 'nonesuch'"),
    ],
)
def test_bad_input_is_one_sentence(
    template: Path, workdir: Path, asyncgen: Asyncgen, arguments: str, sentence: str
) -> None:
    ran = asyncgen(*shlex.split(arguments))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("asyncgen: " + sentence.format(workdir=workdir, parent=workdir.parent, template=template))
    assert ran.err.count("\n") == 1
    assert os.listdir(workdir) == []


def test_a_folder_with_files_is_refused(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (workdir / "shop").mkdir()
    (workdir / "shop" / "mine").write_text("mine")
    ran = asyncgen("new", "shop")
    assert ran.code == 2
    assert ran.err == (
        f"asyncgen: expected {workdir}/shop to be empty or new, got: a folder with files in it; "
        "name another, or move them away\n"
    )
    assert tree(workdir) == ["shop/mine"]


def test_a_file_or_a_link_is_refused(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (workdir / "file").write_text("mine")
    (workdir / "link").symlink_to(workdir)
    for name in ("file", "link"):
        ran = asyncgen("new", name)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert sorted(os.listdir(workdir)) == ["file", "link"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can write")
def test_an_unwritable_folder_is_one_sentence(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("new", "/proc/shop")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("asyncgen: expected /proc to be writable, got: ")
    assert ran.err.count("\n") == 1


def test_without_git_it_is_one_sentence(
    template: Path, workdir: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(workdir))
    for arguments in ([], ["--no-git"]):
        ran = asyncgen("new", "shop", *arguments)
        assert (ran.code, ran.out, ran.err) == (2, "", "asyncgen: expected git on PATH, got: none; install git\n")
    assert os.listdir(workdir) == []


def test_a_template_that_records_no_commit_is_refused(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (template / "template/service/{{_copier_conf.answers_file}}.jinja").write_text("package: shop\n")
    git(template, "commit", "-qam", "Forget the commit")
    ran = asyncgen("new", "shop")
    assert ran.code == 2
    assert "to be recorded, got: none, so the project could never be updated" in ran.err
    assert os.listdir(workdir) == []


def test_a_template_that_fails_leaves_nothing(template: Path, workdir: Path, asyncgen: Asyncgen) -> None:
    (template / "template/service/README.md.jinja").write_text("{{ nonesuch }}\n")
    git(template, "commit", "-qam", "Break it")
    ran = asyncgen("new", "shop")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "nonesuch" in ran.err
    assert os.listdir(workdir) == []


def test_a_kill_leaves_no_destination_and_the_next_run_works(
    stalled: "subprocess.Popen[str]", workdir: Path, asyncgen: Asyncgen
) -> None:
    stalled.kill()
    stalled.communicate()
    assert not (workdir / "shop").exists()
    assert len(list(workdir.glob(".shop.asyncgen-*"))) == 1
    assert asyncgen("new", "shop").code == 0
    assert os.listdir(workdir) == ["shop"]


def test_an_interruption_exits_130_and_leaves_nothing(stalled: "subprocess.Popen[str]", workdir: Path) -> None:
    stalled.send_signal(signal.SIGINT)
    out, err = stalled.communicate(timeout=60)
    assert (stalled.returncode, out, err) == (130, "", "asyncgen: interrupted; what was not finished is undone\n")
    assert os.listdir(workdir) == []
