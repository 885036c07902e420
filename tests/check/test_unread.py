"""A file that is no Python which this version reads is unknown, and one of a newer Python is read where it can be."""

import ast
from typing import Any

import pytest

from asyncgen.check.source.newer_syntax import parse

APP = """
    from celery import Celery
    app = Celery("shop", broker="redis://b/0", backend="redis://b/1")
"""
TASKS = """
    from shop.app import app

    @app.task(queu="heavy", wanted=1)
    def work(): ...
"""
BROKEN = "import celery\ndef broken(:\n"


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        ("ACG104", "app.conf.task_time_limit = 60"),
        ("ACG104", "CELERY_TASK_TIME_LIMIT = 60"),
        ("ACG104", "work.apply_async(time_limit=60)"),
        ("ACG105", "print(AsyncResult(key).get())"),
        ("ACG105", "print(work.delay().get())"),
        ("ACG111", "print(task.queu, task.wanted)"),
    ],
)
def test_nothing_is_concluded_from_what_none_reads(project: Any, code: str, unread: str) -> None:
    project.write(
        {"shop/__init__.py": "", "shop/app.py": APP, "shop/tasks.py": TASKS, "shop/other.py": "import celery\n"}
    )
    other = project.folder / "shop" / "other.py"
    found = project.check(select=[code])
    assert [finding["line"] for finding in found] == [4] * (2 if code == "ACG111" else 1)
    other.write_text(BROKEN)
    assert project.check(select=[code]) == found, "the broken file says nothing of it"
    other.write_text(f"{BROKEN}{unread}\n")
    assert project.check(select=[code]) == []
    assert "other.py:2: skipped" in project.notes[0]


def test_an_application_that_none_reads(project: Any) -> None:
    project.write(
        {"shop/__init__.py": "", "shop/app.py": "from celery import Celery\napp = Celery(\n", "shop/tasks.py": TASKS}
    )
    assert project.check(select=["ACG104", "ACG105"]) == []


def test_a_schedule_for_a_task_that_none_reads(project: Any) -> None:
    app = APP + '    app.conf.beat_schedule = {"x": {"task": "shop.other.gone", "schedule": 5}}\n'
    project.write({"shop/__init__.py": "", "shop/app.py": app, "shop/tasks.py": TASKS, "shop/other.py": ""})
    assert [finding["line"] for finding in project.check(select=["ACG113"])] == [4]
    (project.folder / "shop" / "other.py").write_text(f"{BROKEN}@app.task\ndef gone(): ...\n")
    assert project.check(select=["ACG113"]) == []


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("try: ...\nexcept A, B.c:\n    x()\n", "try: ...\nexcept (A, B.c):\n    x()\n"),
        ("type X[T] = list[T]\nx()\n", "X = list[T]\nx()\n"),
        ("def f[T: (int, list[str])](x: T): ...\n", "def f(x: T): ...\n"),
        ("class C[T](Base[T]): ...\nasync def g[*Ts](): ...\n", "class C(Base[T]): ...\nasync def g(): ...\n"),
        ('x = f"{a["b"]} {f"{c}"} {\'d\'}"\n', "x = f\"{a['b']} {f'{c}'} {'d'}\"\n"),
        ('x = t"{a}"\n', 'x = f"{a}"\n'),
        ("lazy import a\nlazy from b import c\n", "import a\nfrom b import c\n"),
    ],
)
def test_newer_syntax_is_read(newer: str, older: str) -> None:
    try:
        expected = ast.parse(newer)  # this Python knows it
    except SyntaxError:
        expected = ast.parse(older)
    assert ast.dump(parse(newer)) == ast.dump(expected)


@pytest.mark.parametrize("text", ["print 1\n", "except A, B:\n", 'x = f"{a\n', "def f[(: ...\n", "x = f'''{"])
def test_what_is_no_python_is_an_error(text: str) -> None:
    with pytest.raises(SyntaxError):
        parse(text)


@pytest.mark.parametrize("alias", ["Order = models.Order", "type Order = models.Order"])
def test_an_alias_of_a_type_is_followed_in_both_spellings(project: Any, alias: str) -> None:
    model = "from django.db import models\nclass Order(models.Model): ...\n"
    task = f"from celery import shared_task\nfrom shop import models\n{alias}\n@shared_task\ndef bill(order): ...\n"
    use = "def send(order: Order):\n    bill.delay(order)\n"
    project.write({"shop/__init__.py": "", "shop/models.py": model, "shop/tasks.py": task + use})
    assert [finding["line"] for finding in project.check(select=["ACG102"])] == [7]


def test_a_finding_in_newer_syntax_is_where_it_is_written(project: Any) -> None:
    code = 'from celery import Celery\ntype X = int\ndef f[T](x: T): return Celery("s", task_serializer="pickle")\n'
    project.write({"shop.py": code})
    (finding,) = project.check(select=["ACG103"])
    assert (finding["line"], finding["column"]) == (3, code.splitlines()[2].index('"pickle"') + 1)
    assert project.notes == []
