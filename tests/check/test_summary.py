"""What a run says that it has seen: no findings could mean that there was nothing to look at."""

import io
from pathlib import Path
from typing import Any

import pytest

from asyncgen.check import run
from asyncgen.check.source import files
from asyncgen.errors import BadInput

APP = 'from celery import Celery\napp = Celery("shop", task_time_limit=60)\n'
TASK = "from shop.app import app\n\n@app.task\ndef work(): ...\n"
BROKEN = "def broken(:\n"
SHOP = {"shop/__init__.py": "", "shop/app.py": APP, "shop/tasks.py": TASK}


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (SHOP, "checked 3 Python files, 2 with Celery: 1 task, 1 application, configuration in {}/shop/app.py"),
        (
            SHOP | {"shop/app.py": 'from celery import Celery\napp = Celery("shop")\n'},
            "checked 3 Python files, 2 with Celery: 1 task, 1 application, no settings but Celery's defaults",
        ),
        (
            SHOP | {"shop/app.py": APP + 'app.config_from_object("elsewhere")\n'},
            "checked 3 Python files, 2 with Celery: 1 task, 1 application, "
            "configuration in {}/shop/app.py, in part known only when it runs",
        ),
        (
            {"a.py": 'from celery import Celery\napp = Celery("shop")\napp.config_from_object("elsewhere")\n'},
            "checked 1 Python file, 1 with Celery: no tasks, 1 application, a configuration that is not known",
        ),
        (
            SHOP
            | {
                f"shop/{name}.py": f"from shop.app import app as celery\ncelery.conf.{name} = 1\n"
                for name in ("worker_concurrency", "worker_prefetch_multiplier")
            },
            "checked 5 Python files, 4 with Celery: 1 task, 1 application, configuration in 3 files",
        ),
        (
            {"a.py": "from celery import shared_task\n\n@shared_task\ndef work(): ...\n"},
            "checked 1 Python file, 1 with Celery: 1 task, no applications, no configuration",
        ),
        (
            {"a.py": "from other import work\nwork.delay(3)\n"},
            "checked 1 Python file, 1 with Celery: no tasks, no applications, no configuration",
        ),
        ({"a.py": "x = 1\n", "b.py": ""}, "no Celery found in 2 Python files: nothing was checked"),
        (
            {"a.py": '"""Not for celery."""\nx = 1  # celery\n'},
            "no Celery found in 1 Python file: nothing was checked",
        ),
        ({"a.txt": "import celery"}, "no Python file found to check: nothing was checked"),
    ],
)  # fmt: skip
def test_what_was_seen_is_one_sentence(project: Any, written: dict[str, str], seen: str) -> None:
    project.write(written)
    assert project.check(select=["ACG101"]) == []
    assert project.seen == [seen.format(project.folder)]
    assert project.summary["celery"] is (not seen.startswith("no "))


def test_every_file_is_counted_once_as_what_it_is(project: Any) -> None:
    tests = {"tests/test_work.py": TASK, "shop/test_more.py": "x = 1\n"}
    project.write({**SHOP, **tests, "old/a.py": APP, "old/deep/b.py": "x = 1\n"})
    (project.folder / "pyproject.toml").write_text('[tool.asyncgen.check]\nexclude = ["old/*"]\n')
    (project.folder / "broken.py").write_text("import celery\n" + BROKEN)
    (project.folder / "bytes.py").write_bytes(b"x = '\xff'  # celery\n")
    (project.folder / "gone.py").symlink_to("nowhere.py")
    findings = project.check(paths=[project.folder, project.folder / "shop", project.folder / "shop" / "app.py"])
    assert findings == []
    app = f"{project.folder}/shop/app.py"
    assert project.summary == {
        "celery": True,
        "files": {"checked": 3, "tests": 2, "excluded": 2, "skipped": 3},
        "projects": [
            {
                "path": str(project.folder),
                "files": 2,
                "tasks": 1,
                "applications": [
                    {"path": f"{project.folder}/old/a.py", "line": 2},
                    {"path": app, "line": 2},
                ],
                "configuration": {"state": "complete", "files": [f"{project.folder}/old/a.py", app]},
            }
        ],
        "skipped": [
            {
                "path": f"{project.folder}/broken.py",
                "line": 2,
                "reason": "syntax",
                "detail": "not Python that this version reads (invalid syntax)",
            },
            {
                "path": f"{project.folder}/bytes.py",
                "line": 1,
                "reason": "encoding",
                "detail": "not Python that this version reads (invalid or missing encoding declaration)",
            },
            {"path": f"{project.folder}/gone.py", "line": None, "reason": "unreadable", "detail": "it cannot be read"},
        ],
        "in_baseline": 0,
    }
    assert project.seen[1:] == [
        "not checked: 2 of tests, 2 excluded, 3 skipped (encoding: 1, syntax: 1, unreadable: 1)"
    ]


def test_many_projects(project: Any) -> None:
    for name, app in (("one", APP), ("two", APP + "app.config_from_object(x)\n"), ("three", "")):
        (project.folder / name).mkdir()
        (project.folder / name / "setup.py").write_text("")
        (project.folder / name / "app.py").write_text(app)
    project.check(paths=[project.folder / "one", project.folder / "two", project.folder / "three"])
    assert project.seen == [
        "checked 6 Python files of 2 projects, 2 with Celery: no tasks, 2 applications, 2 configurations, "
        "1 of them in part known only when they run"
    ]
    assert [Path(one["path"]).name for one in project.summary["projects"]] == ["one", "three", "two"]


def test_a_folder_within_another_that_is_given_counts_once(project: Any) -> None:
    inner = project.folder / "inner"
    project.write({**SHOP, "inner/setup.py": "", "inner/app.py": APP})
    project.check(paths=[project.folder, inner])
    both = project.summary
    project.check()
    assert project.summary == both


def test_what_is_not_judged_is_not_counted(project: Any) -> None:
    """One file of a project: its own tasks, with the configuration that is elsewhere."""
    project.write({**SHOP, "shop/more.py": TASK.replace("work", "more"), "shop/plain.py": "x = 1\n"})
    assert project.check(paths=[project.folder / "shop" / "more.py"]) == []
    assert project.seen == [
        f"checked 1 Python file, 1 with Celery: 1 task, 1 application, configuration in {project.folder}/shop/app.py"
    ]
    assert project.check(paths=[project.folder / "shop" / "plain.py"]) == []
    assert project.seen == ["no Celery found in 1 Python file: nothing was checked"]


OFFENCE = 'from celery import Celery\napp = Celery("s", task_serializer="pickle", accept_content=["yaml"])\n'


@pytest.mark.parametrize("choice", [{"statistics": True}, {"format": "text"}, {"write_baseline": True}])
def test_every_form_of_a_run_ends_with_it(project: Any, tmp_path: Path, choice: dict[str, Any]) -> None:
    project.write({"a.py": OFFENCE, "broken.py": "import celery\n" + BROKEN})
    if "write_baseline" in choice:
        choice = {"write_baseline": tmp_path / "baseline.json"}
    terminal = io.StringIO()
    run([project.folder], stdout=terminal, stderr=terminal, **choice)
    note, seen, left_out = terminal.getvalue().splitlines()[-3:]
    assert note.startswith(f"note: {project.folder}/broken.py:2: skipped, ")
    assert seen.startswith("checked 1 Python file, 1 with Celery: no tasks, 1 application, ")
    assert left_out == "not checked: 1 skipped (syntax: 1)"


def test_what_the_baseline_holds_back_is_said(project: Any, tmp_path: Path) -> None:
    project.write({"a.py": OFFENCE})
    file = tmp_path / "baseline.json"
    run([project.folder], select=["ACG103"], write_baseline=file, stdout=io.StringIO(), stderr=io.StringIO())
    assert project.check(select=["ACG103"], baseline=file) == []
    assert project.seen[1:] == ["not shown: 2 findings of the baseline"]
    assert project.summary["in_baseline"] == 2
    project.write({"a.py": OFFENCE + 'other = Celery("o", task_serializer="pickle")\n'})
    assert len(project.check(select=["ACG103"], baseline=file)) == 1
    assert project.summary["in_baseline"] == 2


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("broken.py", BROKEN, "broken.py:1: not Python that this version reads (invalid syntax)"),
        ("test_broken.py", BROKEN, "test_broken.py:1: not Python"),
        ("broken.py", "import celery\n" + BROKEN, "broken.py:2: not Python"),
        ("bytes.py", b"x = '\xff'\n", "bytes.py:1: not Python that this version reads (invalid or missing encoding"),
        ("coding.py", b"# coding: none-such\n", "coding.py:1: not Python that this version reads (unknown encoding"),
        ("deep.py", "x = " + "(" * 5000 + ")" * 5000, "deep.py"),
        ("huge.py", "#" * (files.MAX_BYTES + 1), f"huge.py: its bytes are more than {files.MAX_BYTES}"),
        ("data.json", "{}", "data.json: not Python by its ending or first line"),
        ("requirements.txt", "celery", "requirements.txt: not Python by"),
        ("Pipfile", "[celery]\n", "Pipfile: not Python by"),
    ],
)
def test_a_named_file_that_cannot_be_checked_is_an_error(
    project: Any, name: str, content: str | bytes, problem: str
) -> None:
    project.write(SHOP)
    file = project.folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    assert project.check() == []  # of a folder it is a note, or of no interest
    with pytest.raises(BadInput) as caught:
        project.check(paths=[project.folder / "shop", file])
    said = str(caught.value)
    assert said.startswith(f"expected files that can be checked, got: {project.folder}/{problem}")
    assert said.endswith("; mend them, or do not name them")
    (project.folder / "pyproject.toml").write_text(f'[tool.asyncgen.check]\nexclude = ["{name}"]\n')
    assert project.check(paths=[file]) == []


def test_all_of_them_are_one_sentence(project: Any) -> None:
    project.write({"a.py": BROKEN, "b.md": "x", "c.py": BROKEN})
    with pytest.raises(BadInput) as caught:
        project.check(paths=[project.folder / name for name in ("a.py", "b.md", "c.py")])
    assert [name in str(caught.value) for name in ("a.py:1:", "b.md:", "c.py:1:")] == [True] * 3


def test_a_named_file_or_folder_that_none_may_read(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as a user who may read all."""
    project.write(SHOP)

    def refuse(path: Path | str, *_: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "read", refuse)
    with pytest.raises(BadInput, match=r"got: .*/shop/app.py: Permission denied; mend them"):
        project.check(paths=[project.folder / "shop" / "app.py"])
    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(BadInput, match=r"got: .*: it cannot be read; mend them"):
        project.check()


def test_what_is_neither_a_file_nor_a_folder(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(BadInput, match=r"expected a file or folder, got: .*/pipe.py"):
        run([tmp_path / "pipe.py"], stdout=io.StringIO(), stderr=io.StringIO())


def test_named_files_that_are_python_without_its_ending(project: Any) -> None:
    script = "#!/usr/bin/env python3\n" + OFFENCE
    project.write({"script": script, "stub.pyi": OFFENCE, "app.wsgi": OFFENCE})
    for name in ("script", "stub.pyi", "app.wsgi"):
        assert {finding["code"] for finding in project.check(paths=[project.folder / name])} == {"ACG103"}
    assert project.check() == []
