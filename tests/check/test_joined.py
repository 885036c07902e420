"""What one edit mends is one finding: where it stands, what excuses it, and what a baseline knows of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from asyncgen.check import run

APP = """
    from celery import Celery
    app = Celery("shop", broker="redis://b/0"){comment}
"""
TASKS = """
    from shop.app import app

    @app.task
    def fetch(): ...

    @app.task(time_limit=60)
    def limited(): ...

    @app.task(queue="mail"){comment}
    def send(): ...
"""
MORE = """
    from shop.app import app

    @app.task(ignore_result=True)
    def pull(): ...
"""


def files(app: str = "", task: str = "") -> dict[str, str]:
    return {
        "shop/__init__.py": "",
        "shop/app.py": APP.format(comment=app),
        "shop/tasks.py": TASKS.format(comment=task),
        "shop/more.py": MORE,
    }


def test_it_stands_at_the_application_and_names_the_tasks(project: Any) -> None:
    project.write(files())
    (finding,) = project.check(select=["ACG104"])
    assert project.place(finding) == ("shop/app.py", 3, "ACG104")
    assert finding["message"] == (
        "3 of 4 tasks have no time limit, neither their own nor task_time_limit: pull, fetch and send"
    )
    assert [related["name"] for related in finding["related"]] == ["pull", "fetch", "send"]
    assert project.places([finding]) == {
        ("shop/more.py", 4, "ACG104"),
        ("shop/tasks.py", 4, "ACG104"),
        ("shop/tasks.py", 10, "ACG104"),
    }


@pytest.mark.parametrize(
    ("added", "place"),
    [
        ({"shop/app.py": "from celery import Celery\napp = Celery('a')\n\napp.conf.timezone = 'UTC'\n"}, 4),
        ({"shop/app.py": "from celery import Celery\napp = Celery('a')\n\napp.conf.update(\n  timezone='UTC')\n"}, 5),
    ],
)
def test_it_stands_at_the_settings_that_are_there(project: Any, added: dict[str, str], place: int) -> None:
    project.write(files() | added)
    (finding,) = project.check(select=["ACG104"])
    assert project.place(finding) == ("shop/app.py", place, "ACG104")


def test_it_stands_in_the_settings_module_with_most_of_them(project: Any) -> None:
    app = """
        from celery import Celery
        app = Celery("shop")
        app.config_from_object("django.conf:settings", namespace="CELERY")
    """
    settings = {
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "\nCELERY_TIMEZONE = 'UTC'\nCELERY_BROKER_URL = 'redis://b/0'\n",
        "shop/settings/actual.py": "CELERY_BROKER_URL = 'redis://c/0'\n",
    }
    project.write(files() | settings | {"shop/app.py": app})
    (finding,) = project.check(select=["ACG104"])
    assert project.place(finding) == ("shop/settings/base.py", 2, "ACG104")


def test_one_task_is_a_finding_at_the_task(project: Any) -> None:
    project.write({"shop/__init__.py": "", "shop/app.py": APP.format(comment=""), "shop/more.py": MORE})
    (finding,) = project.check(select=["ACG104"])
    assert project.place(finding) == ("shop/more.py", 4, "ACG104")
    assert (finding["message"][:4], finding["related"]) == ("pull", [])


def test_where_the_application_is_not_checked_it_stands_at_the_first_task(project: Any) -> None:
    project.write(files())
    (finding,) = project.check(select=["ACG104"], paths=[project.folder / "shop/tasks.py"])
    assert project.place(finding) == ("shop/tasks.py", 4, "ACG104")
    assert finding["message"].startswith("2 of 3 tasks")
    (finding,) = project.check(
        select=["ACG104"], paths=[project.folder / "shop/tasks.py", project.folder / "shop/more.py"]
    )
    assert project.place(finding) == ("shop/more.py", 4, "ACG104")


def test_a_task_that_is_excused_is_not_counted(project: Any) -> None:
    project.write(files(task="  # asyncgen: ignore[ACG104] the provider hangs up after a minute"))
    (finding,) = project.check(select=["ACG104"])
    assert finding["message"].startswith("2 of 4 tasks")


@pytest.mark.parametrize("paths", [[], ["shop/app.py"], ["shop/tasks.py"]], ids=["all", "application", "tasks"])
def test_an_ignore_at_its_place_excuses_all(project: Any, paths: list[str]) -> None:
    """Also in a run that looks at one of the files alone, where it is not unused either."""
    project.write(files(app="  # asyncgen: ignore[ACG104] a watchdog kills what hangs"))
    assert project.check(select=["ACG104"], paths=[project.folder / path for path in paths] or [project.folder]) == []


def test_an_ignore_at_its_place_that_nothing_needs(project: Any) -> None:
    project.write(
        {"shop/__init__.py": "", "shop/app.py": APP.format(comment="  # asyncgen: ignore[ACG104] a watchdog")}
    )
    assert project.places(project.check(select=["ACG104"])) == {("shop/app.py", 3, "ACG002")}


def test_a_baseline_knows_each_task_of_it(project: Any, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    project.write(files())
    stderr = io.StringIO()
    run([project.folder], select=["ACG104"], write_baseline=baseline, stdout=io.StringIO(), stderr=stderr)
    assert stderr.getvalue().startswith("wrote 3 findings to ")
    assert sum(entry["count"] for entry in json.loads(baseline.read_text())["findings"].values()) == 3
    assert project.check(select=["ACG104"], baseline=baseline) == []
    (project.folder / "shop/more.py").unlink()
    assert project.check(select=["ACG104"], baseline=baseline) == []
    project.write({"shop/other.py": MORE.replace("pull", "push")})
    (finding,) = project.check(select=["ACG104"], baseline=baseline)
    assert finding["message"].endswith("; not in the baseline: push")
    assert project.place(finding) == ("shop/app.py", 3, "ACG104")
    assert project.places([finding]) == {("shop/other.py", 4, "ACG104")}


def test_sarif_has_the_places_of_the_tasks(project: Any) -> None:
    project.write(files())
    stdout = io.StringIO()
    run([project.folder], select=["ACG104"], format="sarif", stdout=stdout, stderr=io.StringIO())
    (result,) = json.loads(stdout.getvalue())["runs"][0]["results"]
    assert [place["message"]["text"] for place in result["relatedLocations"]] == ["pull", "fetch", "send"]
    assert [place["physicalLocation"]["region"]["startLine"] for place in result["relatedLocations"]] == [4, 4, 10]


REPEATED = """
    from celery import shared_task

    @shared_task(track_startd=True)
    def fetch(): ...

    @shared_task(track_startd=True)
    def send(): ...

    @shared_task(retry_no=3)
    def pull(): ...
"""
ONCE_MORE = """
    from celery import shared_task

    @shared_task(track_startd=True){comment}
    def push(): ...
"""


def test_one_mistake_on_many_tasks_is_told_once(project: Any) -> None:
    project.write({"shop/tasks.py": REPEATED, "shop/work.py": ONCE_MORE.format(comment="")})
    one, other = project.check(select=["ACG111"])
    assert project.place(one) == ("shop/tasks.py", 4, "ACG111")
    assert one["message"].endswith("track_startd: it does nothing (3 tasks: fetch, send and push)")
    assert [(Path(related["path"]).name, related["line"]) for related in one["related"]] == [
        ("tasks.py", 4),
        ("tasks.py", 7),
        ("work.py", 4),
    ]
    assert (project.place(other), other["related"]) == (("shop/tasks.py", 10, "ACG111"), [])


def test_a_mistake_on_two_tasks_is_told_at_each(project: Any) -> None:
    ignore = "  # asyncgen: ignore[ACG111] read by our own tool"
    project.write({"shop/tasks.py": REPEATED, "shop/work.py": ONCE_MORE.format(comment=ignore)})
    findings = project.check(select=["ACG111"])
    assert [(project.place(finding)[1], finding["related"]) for finding in findings] == [(4, []), (7, []), (10, [])]


def test_text_has_the_places_by_file(project: Any) -> None:
    files = {f"shop/work{number}.py": ONCE_MORE.format(comment="") for number in range(8)}
    project.write({"shop/tasks.py": REPEATED} | files)
    stdout = io.StringIO()
    run([project.folder], select=["ACG111"], stdout=stdout, stderr=io.StringIO())
    places = [line.strip() for line in stdout.getvalue().splitlines() if line.startswith("    at ")]
    assert [place.removeprefix(f"at {project.folder}/shop/") for place in places] == [
        "tasks.py:4, 7",
        "work0.py:4",
        "work1.py:4",
        "work2.py:4",
        "work3.py:4",
        "at 4 more files: --format json names them",
    ]


SHARED = {
    "a base class": """
        from celery import Task, shared_task

        class Retrying(Task):
            autoretry_for = (Exception,){comment}
            retry_backoff = True

        def job(**options):
            return shared_task(base=Retrying, **options)
    """,
    "a dict": """
        from celery import shared_task

        OPTIONS = {{
            "autoretry_for": (Exception,),{comment}
            "retry_backoff": True,
        }}

        def job(**options):
            return shared_task(**OPTIONS, **options)
    """,
    "a decorator": """
        from celery import shared_task

        def job(**options):
            return shared_task(autoretry_for=(Exception,), retry_backoff=True, **options){comment}
    """,
}
JOBS = """
    from shop.jobs import job

    @job(queue="a")
    def fetch(url): ...

    @job(queue="b")
    def send(url): ...
"""


@pytest.mark.parametrize("jobs", SHARED.values(), ids=SHARED)
def test_what_tasks_share_is_told_where_it_stands(project: Any, jobs: str) -> None:
    project.write({"shop/__init__.py": "", "shop/jobs.py": jobs.format(comment="  # shared"), "shop/tasks.py": JOBS})
    (place,) = [n for n, line in enumerate((project.folder / "shop/jobs.py").read_text().split("\n"), 1) if "#" in line]
    (finding,) = project.check(select=["ACG106"])
    assert project.place(finding) == ("shop/jobs.py", place, "ACG106")
    assert finding["message"] == "a task is retried for every Exception, bugs included (2 tasks: fetch and send)"
    (finding,) = project.check(select=["ACG106"], paths=[project.folder / "shop/tasks.py"])
    assert project.place(finding) == ("shop/tasks.py", 4, "ACG106")
    project.write({"shop/jobs.py": jobs.format(comment="  # asyncgen: ignore[ACG106] all of them are idempotent")})
    assert project.check(select=["ACG106"]) == []


def test_an_effect_that_tasks_share_is_told_where_it_is_made(project: Any) -> None:
    code = """
        import requests
        from celery import shared_task

        def post(url):
            requests.post(url)

        @shared_task(acks_late=True)
        def mail(url):
            post(url)

        @shared_task(acks_late=True)
        def charge(url):
            post(url)
    """
    project.write({"shop.py": code})
    (finding,) = project.check(select=["ACG108"])
    assert project.place(finding) == ("shop.py", 6, "ACG108")
    assert finding["message"].endswith("(2 tasks: mail and charge)")


def test_what_one_task_has_is_told_at_the_task(project: Any) -> None:
    tasks = JOBS.replace('    @job(queue="b")\n', "")
    project.write({"shop/__init__.py": "", "shop/jobs.py": SHARED["a dict"].format(comment=""), "shop/tasks.py": tasks})
    (finding,) = project.check(select=["ACG106"])
    assert project.place(finding) == ("shop/tasks.py", 4, "ACG106")
    assert finding["message"].startswith("fetch is retried for every Exception")


def test_results_that_one_setting_would_not_keep(project: Any) -> None:
    app = """
        from celery import Celery
        app = Celery("shop", backend="redis://r/0")
    """
    tasks = (
        TASKS.format(comment="")
        + """
    @app.task(ignore_result=False)
    def meant(): ...
    """
    )
    project.write({"shop/__init__.py": "", "shop/app.py": app, "shop/tasks.py": tasks})
    (finding,) = project.check(select=["ACG105"])
    assert project.place(finding) == ("shop/app.py", 3, "ACG105")
    assert finding["message"].startswith("3 of 4 tasks store a result in the backend that nothing reads: fetch, ")
