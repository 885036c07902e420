"""`asyncgen update`: what it shows, what it changes, what it refuses; each on a history planted for it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import Ran, commit, git, write

from .planted import FIRST, PACKAGE, QUESTIONS, release, snapshot

Command = Callable[..., Ran]
README = "template/service/README.md.jinja"
NEWER = {
    README: FIRST[README].replace("Two.", "Two, changed."),
    "CHANGELOG.md": (
        "# Changelog\n\n## 0.2.0\n\nUpdating: nothing needs\na line of yours.\n\n"
        "In a service:\n\n- Two is\n  changed.\n\n## 0.1.0\n\nOf old:\n\n- The start.\n"
    ),
    "copier.yml": QUESTIONS + "region: {type: str, default: north}\n",
    f"{PACKAGE}/added.py": "ADDED = True\n",
    f"{PACKAGE}/dropped.py": None,
    f"{PACKAGE}/tasks/send_welcome.py": FIRST[f"{PACKAGE}/tasks/send_welcome.py"] + "# moved on\n",
}


def edit(service: Path, path: str, old: str, new: str) -> None:
    text = (service / path).read_text()
    assert old in text
    (service / path).write_text(text.replace(old, new))
    commit(service)


def answers(service: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((service / ".copier-answers.yml").read_text())
    return loaded


def renamed(template: Path, pattern: str) -> None:
    """Reword the last commit until its short sha matches."""
    message = git(template, "log", "-1", "--format=%s")
    for attempt in range(5000):
        if re.match(pattern, git(template, "rev-parse", "HEAD")):
            return
        git(template, "commit", "--quiet", "--amend", "--message", f"{message}\n\n{attempt}")
    raise AssertionError(f"no sha matches {pattern}")


def test_what_is_new_comes_and_edits_stay(template: Path, service: Path, asyncgen: Command) -> None:
    edit(service, "README.md", "# shop", "# Our shop")
    newer = release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert (ran.code, ran.err) == (0, "")
    assert (service / "README.md").read_text() == "# Our shop\n\nOn redis.\n\nOne.\n\nTwo, changed.\n\nThree.\n"
    assert (service / "src/shop/added.py").read_text() == "ADDED = True\n"
    assert not (service / "src/shop/dropped.py").exists()
    assert (service / "src/shop/tasks/send_welcome.py").read_text() == FIRST[f"{PACKAGE}/tasks/send_welcome.py"]
    recorded = answers(service)
    assert (recorded["_commit"], recorded["region"]) == (newer[:7], "north")
    assert git(service, "diff", "--cached", "--name-only") == "", "the index is the user's"


def test_a_dry_run_shows_all_and_touches_nothing(template: Path, service: Path, asyncgen: Command) -> None:
    edit(service, "README.md", "# shop", "# Our shop")
    release(template, "0.2.0", NEWER)
    before = snapshot(service)
    ran = asyncgen("update", "--dry-run")
    assert ran.code == 0
    for line in (
        "  merged   README.md",
        "  new      src/shop/added.py",
        "  removed  src/shop/dropped.py",
        "  - Two is changed.",
        "  region: north",
        "+Two, changed.",
        "-DROPPED = True",
    ):
        assert line in ran.out.splitlines()
    assert "The start" not in ran.out
    assert "send_welcome" not in ran.out
    assert snapshot(service) == before


def test_json_has_the_same(template: Path, service: Path, asyncgen: Command) -> None:
    newer = release(template, "0.2.0", NEWER)
    report = json.loads(asyncgen("update", "--dry-run", "--json").out)
    assert report["to"] == newer[:7]
    assert report["provenance"] == "in the recorded clone"
    assert report["new_questions"] == {"region": "north"}
    assert report["changelog"] == [
        "0.2.0",
        "Updating: nothing needs a line of yours.",
        "In a service:",
        "- Two is changed.",
    ]
    kinds = {file["path"]: file["kind"] for file in report["files"]}
    assert kinds == {
        ".copier-answers.yml": "changed",
        "README.md": "changed",
        "src/shop/added.py": "new",
        "src/shop/dropped.py": "removed",
    }
    assert all(file["diff"] for file in report["files"])
    assert json.loads(asyncgen("update", "--json").out)["updated"]
    assert json.loads(asyncgen("update", "--json").out)["updated"] is False


def test_check_tells_by_its_exit_code(template: Path, service: Path, asyncgen: Command) -> None:
    assert asyncgen("update", "--check").code == 0
    release(template, "0.2.0", NEWER)
    before = snapshot(service)
    due = asyncgen("update", "--check", "--json")
    assert (due.code, json.loads(due.out)["due"]) == (1, True)
    assert snapshot(service) == before
    assert asyncgen("update").code == 0
    assert asyncgen("update", "--check").code == 0


def test_conflicts_have_numbers_markers_and_a_way_back(template: Path, service: Path, asyncgen: Command) -> None:
    edit(service, "README.md", "Two.", "My two.")
    before = snapshot(service)
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 1
    assert "  README.md:7" in ran.out.splitlines()
    lines = (service / "README.md").read_text().splitlines()
    assert lines[6:11] == ["<<<<<<< before updating", "My two.", "=======", "Two, changed.", ">>>>>>> after updating"]
    back = ran.out.splitlines()[-1].removeprefix("To undo it: ")
    import subprocess

    subprocess.run(back, shell=True, cwd=service, check=True)
    assert snapshot(service) == before


def test_what_a_module_with_conflicts_defines_is_not_called_gone(
    template: Path, service: Path, asyncgen: Command
) -> None:
    write(service, {"src/shop/uses.py": "from .times import LINE_1\n"})
    edit(service, "src/shop/times.py", "LINE_9 = 9", "LINE_9 = 99")
    times = FIRST[f"{PACKAGE}/times.py"]
    release(template, "0.2.0", {f"{PACKAGE}/times.py": times.replace("LINE_9 = 9", "LINE_9 = 90")})
    report = json.loads(asyncgen("update", "--json").out)
    assert report["imports"] == []
    assert report["conflicts"] == ["src/shop/times.py"]


def test_the_way_back_leaves_other_work_alone(template: Path, service: Path, asyncgen: Command) -> None:
    (service / "notes.txt").write_text("mine\n")
    edit_without_commit = service / "src/shop/times.py"
    edit_without_commit.write_text("mine\n")
    before = snapshot(service)
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert edit_without_commit.read_text() == "mine\n"
    import subprocess

    subprocess.run(ran.out.splitlines()[-1].removeprefix("To undo it: "), shell=True, cwd=service, check=True)
    assert snapshot(service) == before


def test_what_is_not_committed_is_refused_by_name(template: Path, service: Path, asyncgen: Command) -> None:
    (service / "README.md").write_text("unsaved\n")
    before = snapshot(service)
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 2
    assert "got: changes in README.md; commit or stash" in ran.err
    assert snapshot(service) == before


def test_an_ignored_file_is_not_overwritten(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {".gitignore": "secret.env\n"})
    commit(service)
    write(service, {"secret.env": "mine\n"})
    release(template, "0.2.0", {"template/service/secret.env": "theirs\n"})
    ran = asyncgen("update")
    assert ran.code == 1
    assert "  secret.env: the template has a file of this name now, and yours stays as it is" in ran.out
    assert (service / "secret.env").read_text() == "mine\n"


def test_a_file_that_the_user_took_away_stays_away(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {"README.md": None, "src/shop/tasks/send_welcome.py": None})
    commit(service)
    release(template, "0.2.0", NEWER)
    assert asyncgen("update").code == 0
    assert not (service / "README.md").exists()
    assert not (service / "src/shop/tasks/send_welcome.py").exists()


def test_a_dropped_file_with_edits_is_kept_and_named(template: Path, service: Path, asyncgen: Command) -> None:
    edit(service, "src/shop/dropped.py", "DROPPED", "MINE")
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 1
    assert "  src/shop/dropped.py: the template dropped it, and you edited it: keep or remove it" in ran.out
    assert (service / "src/shop/dropped.py").read_text() == "MINE = True\n"
    commit(service)
    release(template, "0.3.0", {"template/service/more.txt": "more\n"})
    assert asyncgen("update").code == 0, "it was reported once"


@pytest.mark.parametrize("named", [True, False])
def test_edits_follow_a_renamed_file(template: Path, service: Path, asyncgen: Command, named: bool) -> None:
    edit(service, "src/shop/old_name.py", "NAME_5 = 5", "NAME_5 = 'mine'")
    content = FIRST[f"{PACKAGE}/old_name.py"].replace("NAME_19 = 19", "NAME_19 = 'theirs'")
    if named:
        # Too different for git to find: only the template's history shows the rename.
        content = "# fmt: off\n" * 60 + content
    history = 'files: {"src/{{package}}/old_name.py": "src/{{package}}/inner/new_name.py"}\n'
    moved: dict[str, str | None] = {f"{PACKAGE}/old_name.py": None, f"{PACKAGE}/inner/new_name.py": content}
    release(template, "0.2.0", moved | ({"template/history.yml": history} if named else {}))
    ran = asyncgen("update")
    assert ran.code == 0, ran.out
    assert "  new      src/shop/inner/new_name.py (was src/shop/old_name.py)" in ran.out
    text = (service / "src/shop/inner/new_name.py").read_text()
    assert "NAME_5 = 'mine'\n" in text
    assert "NAME_19 = 'theirs'\n" in text
    assert not (service / "src/shop/old_name.py").exists()


def test_a_renamed_file_that_the_user_took_away_stays_away(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {"src/shop/old_name.py": None})
    commit(service)
    content = FIRST[f"{PACKAGE}/old_name.py"]
    release(template, "0.2.0", {f"{PACKAGE}/old_name.py": None, f"{PACKAGE}/new_name.py": content})
    assert asyncgen("update").code == 0
    assert not (service / "src/shop/new_name.py").exists()


def test_a_file_where_the_user_has_one_is_a_conflict(template: Path, service: Path, asyncgen: Command) -> None:
    write(service, {"src/shop/added.py": "MINE = True\n"})
    commit(service)
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 1
    assert "  src/shop/added.py: the template has a file of this name now, and yours stays as it is" in ran.out
    assert (service / "src/shop/added.py").read_text() == "MINE = True\n"


def test_modes_and_line_ends(template: Path, service: Path, asyncgen: Command) -> None:
    assert (service / "run.sh").stat().st_mode & 0o111
    (service / "README.md").write_bytes((service / "README.md").read_bytes().replace(b"\n", b"\r\n") + b"Mine.\r\n")
    commit(service)
    script = template / "template/service/run.sh"
    script.write_text("#!/bin/sh\necho again\n")
    (template / "template/service/new.sh").write_text("#!/bin/sh\n")
    (template / "template/service/new.sh").chmod(0o755)
    release(template, "0.2.0", {README: NEWER[README]})
    assert asyncgen("update").code == 0
    assert (service / "run.sh").read_text().endswith("again\n")
    assert (service / "run.sh").stat().st_mode & 0o111
    assert (service / "new.sh").stat().st_mode & 0o111
    text = (service / "README.md").read_bytes()
    assert b"Two, changed.\r\n" in text
    assert text.endswith(b"Mine.\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")


def test_a_binary_file_keeps_the_users_edit(template: Path, service: Path, asyncgen: Command) -> None:
    (template / "template/service/logo.bin").write_bytes(b"\0one")
    release(template, "0.2.0", {})
    assert asyncgen("update").code == 0
    (service / "logo.bin").write_bytes(b"\0mine")
    commit(service)
    (template / "template/service/logo.bin").write_bytes(b"\0two")
    release(template, "0.3.0", {})
    ran = asyncgen("update")
    assert ran.code == 1
    assert "logo.bin: it is binary" in ran.out
    assert (service / "logo.bin").read_bytes() == b"\0mine"


def test_shas_that_read_as_versions_are_not_compared_as_such(
    template: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed(template, r"[5-9]\d{6}")
    monkeypatch.chdir(tmp_path)
    assert asyncgen("new", "shop", "--defaults", "--template", str(template)).code == 0
    monkeypatch.chdir(tmp_path / "shop")
    release(template, "0.2.0", NEWER)
    renamed(template, r"[0-4]\d{6}")
    assert asyncgen("update", "--check").code == 1
    assert asyncgen("update").code == 0
    assert answers(tmp_path / "shop")["_commit"] == git(template, "rev-parse", "HEAD")[:7]


def test_to_names_a_release_by_its_commit(template: Path, service: Path, asyncgen: Command) -> None:
    middle = release(template, "0.2.0", NEWER)
    release(template, "0.3.0", {README: "# gone\n"})
    report = json.loads(asyncgen("update", "--to", "0.2.0", "--json").out)
    assert report["to"] == middle[:7]
    commit(service)
    back = asyncgen("update", "--to", "0.1.0")
    assert back.code == 2
    assert f"expected --to to be {middle[:7]} or newer, got: 0.1.0" in back.err
    unknown = asyncgen("update", "--to", "9.9.9")
    assert unknown.code == 2
    assert "to hold copier.yml at 9.9.9" in unknown.err


def test_a_project_below_the_root_of_its_repository(template: Path, service: Path, asyncgen: Command) -> None:
    above = service.parent
    (service / ".git").rename(above / "the-git")
    import shutil

    shutil.rmtree(above / "the-git")
    git(above, "init", "--quiet")
    write(above, {".gitignore": "template\n"})
    commit(above)
    (above / "other.txt").write_text("unsaved, and elsewhere\n")
    (service / "README.md").write_text("unsaved\n")
    release(template, "0.2.0", NEWER)
    assert "changes in README.md;" in asyncgen("update").err
    git(above, "checkout", "--quiet", "--", "shop/README.md")
    assert asyncgen("update").code == 0
    assert "Two, changed." in (service / "README.md").read_text()


def test_without_a_repository_it_says_what_to_do(template: Path, service: Path, asyncgen: Command) -> None:
    import shutil

    shutil.rmtree(service / ".git")
    release(template, "0.2.0", NEWER)
    ran = asyncgen("update")
    assert ran.code == 2
    assert "run git init, git add . and git commit" in ran.err


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({f"{PACKAGE}/added.py": "def f(:\n"}, "src/shop/added.py to compile"),
        ({f"{PACKAGE}/added.py": "import os\n"}, "src/shop/added.py to pass the project's lint rules"),
        (
            {f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}": None},
            "src/shop/queues.py",
        ),
        (
            {
                f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}": FIRST[
                    f"{PACKAGE}/{{% if layout_single %}}queues.py{{% endif %}}"
                ].replace("300", "20")
            },
            "send_welcome with a limit of 30 s on DEFAULT, whose longest run is 20 s",
        ),
    ],
)
def test_what_would_not_hold_is_refused_as_a_whole(
    template: Path, service: Path, asyncgen: Command, files: dict[str, str | None], message: str
) -> None:
    before = snapshot(service)
    release(template, "0.2.0", NEWER | files)
    ran = asyncgen("update")
    assert ran.code == 2
    assert message in ran.err
    assert snapshot(service) == before


def test_what_was_wrong_before_stops_nothing(template: Path, service: Path, asyncgen: Command) -> None:
    edit(service, "src/shop/times.py", "LINE_1 = 1", "import os")
    release(template, "0.2.0", {f"{PACKAGE}/times.py": FIRST[f"{PACKAGE}/times.py"] + "LINE_21 = 21\n"})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert (service / "src/shop/times.py").read_text().startswith("import os\n")


def test_make_test_runs_on_the_copy(template: Path, service: Path, asyncgen: Command) -> None:
    makefile = "template/service/Makefile"
    failing = "test:\n\t@grep -q changed README.md\n\t@echo the tests say no; false\n"
    release(template, "0.2.0", NEWER | {makefile: failing})
    before = snapshot(service)
    ran = asyncgen("update", "--test")
    assert ran.code == 2
    assert "make test to pass on the updated copy" in ran.err
    assert snapshot(service) == before
    release(template, "0.3.0", {makefile: failing.replace("; false", "")})
    assert asyncgen("update", "--test").code == 0


def test_a_template_that_moved_is_named_once(template: Path, service: Path, asyncgen: Command) -> None:
    moved = template.rename(template.with_name("moved"))
    newer = release(moved, "0.2.0", NEWER)
    assert asyncgen("update").code == 2
    ran = asyncgen("update", "--template", str(moved))
    assert ran.code == 0, ran.err
    recorded = answers(service)
    assert (recorded["_commit"], recorded["_src_path"]) == (newer[:7], str(moved))
    commit(service)
    assert "Up to date" in asyncgen("update").out
