"""What must never end a run: code that is none, files that are odd, all of the standard library."""

import ast
import io
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import celery
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncgen.check import run
from asyncgen.check.reports import REPORTS
from asyncgen.check.source.files import MAX_BYTES, WORDS, hints_at_celery

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])


@pytest.mark.parametrize(
    ("content", "notice"),
    [
        (b"import celery\ndef broken(:\n", "broken.py:2: skipped, not Python that this version reads"),
        (b"import celery\nx = '\x00'\n", "broken.py:1: skipped"),
        (b"# coding: no-such-encoding\nimport celery\n", "skipped"),
        (b"import celery\nx = '\xff\xfe'\n", "skipped"),
        (b"import celery\nx = " + b"(" * 5000 + b")" * 5000, "skipped"),
        (b"import celery\n" + b"x" * MAX_BYTES, f"its bytes are more than {MAX_BYTES}"),
    ],
    ids=["syntax", "null", "unknown encoding", "wrong encoding", "deep", "huge"],
)
def test_a_file_that_cannot_be_read_is_told_once(project: Any, content: bytes, notice: str) -> None:
    project.write({"shop.py": 'from celery import Celery\napp = Celery("s", task_serializer="pickle")\n'})
    (project.folder / "broken.py").write_bytes(content)
    assert [f["code"] for f in project.check(select=["ACG103"])] == ["ACG103"]
    (note,) = project.notes
    assert notice in note


def test_other_encodings_and_line_ends(project: Any) -> None:
    project.write({})
    text = '# coding: latin-1\r\nfrom celery import Celery\r\nä = Celery("ü", task_serializer="pickle")\r\n'
    (project.folder / "shop.py").write_bytes(text.encode("latin-1"))
    (finding,) = project.check(select=["ACG103"])
    assert (finding["line"], finding["column"]) == (3, text.splitlines()[2].index('"pickle"') + 1)


def test_links_pipes_and_folders_that_look_like_files(project: Any) -> None:
    project.write({"shop.py": 'from celery import Celery\napp = Celery("s", task_serializer="pickle")\n'})
    (project.folder / "loop").symlink_to(project.folder, target_is_directory=True)
    (project.folder / "twice.py").symlink_to(project.folder / "shop.py")
    (project.folder / "gone.py").symlink_to(project.folder / "nowhere.py")
    (project.folder / "folder.py").mkdir()
    (project.folder / "notebook.ipynb").write_text("import celery")
    (project.folder / "loop.py").symlink_to("loop.py")
    os.mkfifo(project.folder / "pipe.py")
    assert [f["code"] for f in project.check(select=["ACG103"])] == ["ACG103"]
    told = {f"note: {project.folder}/{name}.py: skipped, it cannot be read" for name in ("gone", "loop", "pipe")}
    assert set(project.notes) == told


@pytest.mark.parametrize("format", REPORTS)
def test_a_name_that_is_no_utf_8(tmp_path: Path, format: str) -> None:  # noqa: A002 # the name of the flag
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text(
        'from celery import Celery\napp = Celery("s", task_serializer="pickle")\n'
    )
    stdout, baseline = io.StringIO(), tmp_path / "baseline.json"
    assert run([tmp_path], format=format, stdout=stdout, stderr=io.StringIO()) == 1
    assert "ACG103" in stdout.getvalue()
    run([tmp_path], write_baseline=baseline, stdout=stdout, stderr=io.StringIO())
    assert run([tmp_path], baseline=baseline, stdout=stdout, stderr=io.StringIO()) == 0


def test_names_that_lead_in_circles(project: Any) -> None:
    project.write(
        {
            "a.py": """
                from b import task, Base
                from celery import shared_task
                X = Y
                Y = X

                class Looped(Base): ...

                @task(time_limit=X, base=Looped)
                def work():
                    work.delay(X).get()
            """,
            "b.py": "from a import task, Looped as Base  # celery\n",
        }
    )
    project.check(select=["ALL"])


def findings_in(folder: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is found, and what is skipped."""
    stdout = io.StringIO()
    run([folder], select=["ALL"], format="json", stdout=stdout, stderr=io.StringIO())
    content = json.loads(stdout.getvalue())
    return content["findings"], content["summary"]["skipped"]


@pytest.mark.parametrize("part", ["asyncio", "multiprocessing", "concurrent", "email", "unittest"])
def test_the_standard_library_has_no_findings(part: str, tmp_path: Path) -> None:
    """Copied with the word that makes every file be looked at."""
    (tmp_path / "pyproject.toml").write_text("")
    for path in (STANDARD_LIBRARY / part).rglob("*.py"):
        copy = tmp_path / path.relative_to(STANDARD_LIBRARY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes() + b"\n# celery\n")
    assert findings_in(tmp_path) == ([], [])


def test_celery_itself(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    source = Path(celery.__file__).parent
    for path in source.rglob("*.py"):
        copy = tmp_path / "celery" / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    assert findings_in(tmp_path) == ([], [])


PIECES = st.sampled_from(
    [
        "@shared_task(**{'a': 1})", "def f(self, *a, **k):", "    return f.delay(*a, **k).get()", "app = Celery(*x)",
        "app.conf.update(**y)", "app.conf[z] = 3", "class T(Task, metaclass=M):", "    run = lambda self: 0",
        "f.apply_async(args=a, kwargs=k, **o)", "chain(f.s(), *g)()", "crontab(*a)", "app.config_from_object(1 + 1)",
        "with atomic(), x as (y, z):", "    f.delay((yield))", "lambda: f.delay()",
        "app.conf.beat_schedule = {**a, 'x': 3}",
        "async def g():", "    await f.delay()", "self.retry(*a, throw=False)", "x = y = z", "y: int", "del x, y[0]",
    ]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=12))
def test_any_mixture_of_statements(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    code = "from celery import *\nfrom django.db.transaction import atomic\n" + "\n".join(pieces) + "\n"
    try:
        ast.parse(code)
    except SyntaxError:
        return
    folder = tmp_path_factory.mktemp("mixture")
    (folder / "pyproject.toml").write_text("")
    (folder / "shop.py").write_text(code)
    assert findings_in(folder)[1] == []


def test_what_hints_at_celery() -> None:
    assert hints_at_celery(b"@app.task\ndef f(): ...")
    assert hints_at_celery(b"f.delay(3)")
    assert [word for word in WORDS if not hints_at_celery(b"x = " + word)] == []
    assert not hints_at_celery(b"import asyncio\nasyncio.create_task(f())\nself.task = 3\n")


def test_the_processes_find_what_one_finds_in_many_projects(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One project is most of the work; among the others is a file that nobody can read, which is told once."""
    from asyncgen.check import engine

    line = 'from celery import Celery\napp = Celery("s", task_serializer="pickle")\n'
    folders = [project.folder / f"project_{n}" for n in range(7)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "setup.py").write_text("")
        (folder / "app.py").write_text(line + "# more\n" * (1000 if number == 3 else 0))
    (folders[5] / "broken.py").write_text("import celery\ndef broken(:\n")
    alone, seen = project.check(select=["ALL"]), project.summary
    sizes: list[int] = []

    def two_processes(size: int) -> int:
        sizes.append(size)
        return 2

    monkeypatch.setattr(engine, "process_count", two_processes)
    assert (project.check(select=["ALL"]), project.summary) == (alone, seen)
    small = [file for folder in folders for file in folder.glob("*.py") if folder.name != "project_3"]
    assert sizes == [sum(file.stat().st_size for file in small)], "one process has the largest to do"
    assert [len(one["applications"]) for one in seen["projects"]] == [1] * 7
    assert [one["line"] for one in seen["skipped"]] == [2]
    assert project.seen[-1] == "not checked: 1 skipped (syntax: 1)"
    assert [f["code"] for f in alone].count("ACG103") == 7


def test_a_start_loads_nothing_that_most_runs_do_not_need() -> None:
    heavy = {"yaml", "urllib.request", "hashlib", "importlib.metadata", "multiprocessing", "asyncgen.tasks"}
    code = f"import sys, asyncgen.check.entry; print(sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
