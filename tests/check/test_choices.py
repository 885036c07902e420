"""What is chosen: rules, files, ignores, baselines, projects."""

import json
from pathlib import Path
from typing import Any

import pytest

from asyncgen.errors import BadInput

CODE = """
    from celery import Celery
    app = Celery("shop", task_serializer="pickle")

    @app.task(retry_no=3)
    def work(): ...
"""


def codes(findings: list[dict[str, Any]]) -> list[str]:
    return [finding["code"] for finding in findings]


def test_select_and_ignore(project: Any) -> None:
    project.write({"shop.py": CODE})
    assert codes(project.check()) == ["ACG103", "ACG104", "ACG111"]
    assert codes(project.check(select=["ACG103,unsafe-serializer"])) == ["ACG103"]
    assert codes(project.check(select=["ACG10"])) == ["ACG103", "ACG104"]
    assert codes(project.check(ignore=["no-time-limit", "ACG111"])) == ["ACG103"]


def test_optional_rules_run_only_by_their_own_name(project: Any) -> None:
    code = """
        from celery import Celery
        app = Celery("shop")
        app.conf.beat_schedule = {"a": {"task": "b.c", "schedule": 60}}
    """
    project.write({"shop.py": code})
    assert codes(project.check()) == []
    assert codes(project.check(select=["ACG1"])) == []
    assert codes(project.check(select=["ACG116"])) == ["ACG116"]
    assert codes(project.check(select=["schedule-expiry"])) == ["ACG116"]


def configure(folder: Path, table: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.asyncgen.check]\n{table}\n")


def test_the_table_in_pyproject(project: Any) -> None:
    project.write({"shop.py": CODE, "old/shop.py": CODE})
    configure(project.folder, 'select = ["ACG103"]\nexclude = ["old/*"]')
    assert project.places(project.check()) == {("shop.py", 3, "ACG103")}
    assert codes(project.check(select=["ACG111"])) == ["ACG111"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('selcet = ["ACG101"]', "to be among baseline, exclude, ignore, select, got: selcet"),
        ('select = "ACG101"', "to be a list of strings, got: 'ACG101'"),
        ("baseline = 3", "to be a path, got: 3"),
        ('select = ["ACG999"]', "got: ACG999"),
        ("select = [", "to be TOML, got: "),
    ],
)
def test_a_table_that_cannot_be_used(project: Any, table: str, message: str) -> None:
    project.write({"shop.py": CODE})
    configure(project.folder, table)
    with pytest.raises(BadInput, match=message):
        project.check()


def test_ignores_with_a_reason(project: Any) -> None:
    code = """
        from celery import Celery
        # asyncgen: ignore[ACG103] read by the old importer until it is gone
        app = Celery("shop", task_serializer="pickle")

        @app.task(retry_no=3)  # asyncgen: ignore[ACG111, ACG104] a marker for our own tool
        def work(): ...

        text = "# asyncgen: ignore[ACG101] not a comment"
    """
    project.write({"shop.py": code})
    assert project.check() == []


def test_codes_and_names_and_other_comments_around(project: Any) -> None:
    code = """
        from celery import Celery
        app = Celery("shop", task_serializer="pickle")  # noqa: S301 # asyncgen: ignore[unsafe-serializer] old # type: x

        @app.task(retry_no=3)  # asyncgen: ignore[No-Time-Limit, acg111] a marker for our own tool, see #12
        def work(): ...
    """
    project.write({"shop.py": code})
    assert project.check() == []


TASK = """
    from celery import Celery
    app = Celery("shop")

    {above}
    @app.task(  {call}
        retry_no=3, time_limit=9, soft_time_limit=9,  {keyword}
    )
    {between}
    @other  {other}
    def work(
        order_id,
    ):  {head}
        return work.delay(order_id).get()

    @app.task(queu="x", time_limit=9, soft_time_limit=9)
    def neighbour(): ...
"""
PLACES = ["above", "call", "keyword", "between", "other", "head"]


@pytest.mark.parametrize("place", PLACES)
def test_an_ignore_is_for_the_decorated_function_that_it_stands_on(project: Any, place: str) -> None:
    """And not for what is in its body, nor for the next one."""
    rules = ["ACG101", "ACG104", "ACG111"]
    project.write({"shop.py": TASK.format(**dict.fromkeys(PLACES, ""))})
    found = project.check(select=rules)
    assert [finding["code"] for finding in found] == ["ACG111", "ACG104", "ACG101", "ACG111", "ACG104"]
    comment = "# asyncgen: ignore[ACG104, silent-option] seen"
    project.write({"shop.py": TASK.format(**{**dict.fromkeys(PLACES, ""), place: comment})})
    assert project.check(select=rules) == found[2:]


def test_an_ignore_is_for_the_decorators_of_a_class_and_no_statement_of_its_body(project: Any) -> None:
    code = """
        import celery

        @marked  # asyncgen: ignore[ACG104] seen
        class Work(celery.Task):
            def run(self): ...

        @marked
        class Other(celery.Task):  # <- ACG104
            # asyncgen: ignore[ACG104] seen  # <- ACG002
            def run(self): ...

        app = celery.Celery("shop")
    """
    project.write({"shop.py": code})
    assert project.places(project.check(select=["ACG104"])) == project.marks()


@pytest.mark.parametrize(
    ("comment", "code", "message"),
    [
        ("ignore", "ACG001", "to carry the rules in brackets and a reason; without it nothing is ignored"),
        ("ignore because of this", "ACG001", "to carry the rules in brackets; without"),
        ("ignore[] because of this", "ACG001", "to carry the rules in brackets; without"),
        ("ignore[ACG103]", "ACG001", "to carry a reason; without"),
        ("ignore[ACG103] # noqa: E501", "ACG001", "to carry a reason; without"),
        ("ignore[ACG101, ACG999]", "ACG001", "to carry a reason; without"),
        ("ignore[ACG101] nothing here", "ACG002", "nothing here is ignored by ACG101"),
        ("ignore[blocking-result, ACG101] nothing", "ACG002", "nothing here is ignored by blocking-result, ACG101"),
        ("ignore[ACG999] no such rule", "ACG002", "ACG999 is no rule"),
        ("ignore[ACG103, ACG101, ACG999, x] all wrong", "ACG002", "by ACG101; ACG999, x are no rules"),
    ],
)  # fmt: skip
def test_a_wrong_ignore_is_one_finding(project: Any, comment: str, code: str, message: str) -> None:
    project.write(
        {"shop.py": f'from celery import Celery\napp = Celery("s", task_serializer="pickle")  # asyncgen: {comment}\n'}
    )
    findings = project.check(select=["ACG101", "ACG103"])
    (about,) = [finding for finding in findings if finding["code"] != "ACG103"]
    assert about["code"] == code
    assert message in about["message"]
    ignored = "[ACG103," in comment
    assert len(findings) == (1 if ignored else 2)
    assert len(project.check(select=["ACG101", "ACG103"], ignore=["ACG001", "unused-ignore"])) == (0 if ignored else 1)


def test_an_ignore_of_a_rule_that_does_not_run_is_not_unused(project: Any) -> None:
    project.write({"shop.py": "import celery  # asyncgen: ignore[ACG103] for later\n"})
    assert project.check(ignore=["ACG103"]) == []
    assert codes(project.check()) == ["ACG002"]


def test_a_baseline_survives_shifted_lines_and_counts(project: Any, tmp_path: Path) -> None:
    project.write({"shop.py": CODE})
    file = tmp_path / "baseline.json"
    assert codes(project.check(select=["ACG103"])) == ["ACG103"]
    recorded = json.loads(record(project, file))
    assert recorded["version"] == 1
    assert len(recorded["findings"]) == 3
    assert project.check(baseline=file) == []
    moved = "# one more line\n\n" + (project.folder / "shop.py").read_text()
    (project.folder / "shop.py").write_text(moved)
    assert project.check(baseline=file) == []
    (project.folder / "shop.py").write_text(moved + '\nother = Celery("o", task_serializer="pickle")\n')
    assert codes(project.check(baseline=file)) == ["ACG103"]


def test_a_second_finding_of_the_same_text_is_new(project: Any, tmp_path: Path) -> None:
    line = 'app = Celery("shop", task_serializer="pickle")\n'
    project.write({"shop.py": "from celery import Celery\n" + line})
    file = tmp_path / "baseline.json"
    record(project, file)
    (project.folder / "shop.py").write_text("from celery import Celery\n" + line + line)
    assert len(project.check(baseline=file)) == 1


def record(project: Any, file: Path) -> str:
    import io

    from asyncgen.check import run

    stdout, stderr = io.StringIO(), io.StringIO()
    assert run([project.folder], write_baseline=file, stdout=stdout, stderr=stderr) == 0
    assert stdout.getvalue() == ""
    return file.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 9, "findings": {}}', '{"version": 1}'])
def test_a_file_that_is_no_baseline(project: Any, tmp_path: Path, content: str) -> None:
    project.write({"shop.py": CODE})
    file = tmp_path / "baseline.json"
    file.write_text(content)
    with pytest.raises(BadInput, match=r"expected .*baseline.json to be a baseline"):
        project.check(baseline=file)


LIMITED = "from celery import Celery\napp = Celery('a', task_time_limit=60)\n"
UNLIMITED = "from celery import Celery\napp = Celery('b')\n"
TASKS = "from {package}.app import app\n\n@app.task\ndef work(): ...\n"


@pytest.mark.parametrize("marker", ["pyproject.toml", "setup.py", None])
def test_a_folder_of_projects_is_many_projects(tmp_path: Path, project: Any, marker: str | None) -> None:
    for name, app in (("one", LIMITED), ("two", UNLIMITED)):
        package = project.folder / name / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "app.py").write_text(app)
        (package / "tasks.py").write_text(TASKS.format(package=name))
        if marker:
            (project.folder / name / marker).write_text("")
    assert project.places(project.check(select=["ACG104"])) == {("two/two/tasks.py", 3, "ACG104")}


def test_one_file_is_judged_with_the_configuration_of_its_project(project: Any) -> None:
    project.write({"shop/__init__.py": "", "shop/app.py": LIMITED, "shop/tasks.py": TASKS.format(package="shop")})
    tasks = project.folder / "shop" / "tasks.py"
    assert project.check(select=["ACG104"], paths=[tasks]) == []
    (project.folder / "shop" / "app.py").write_text(UNLIMITED)
    assert project.places(project.check(select=["ACG104"], paths=[tasks])) == {("shop/tasks.py", 3, "ACG104")}
    assert project.check(select=["ACG104"], paths=[project.folder / "shop" / "app.py"]) == []
