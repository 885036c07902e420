"""Which folders hold the project's own code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Planted = Callable[[str, dict[str, str]], None]

OFFENCE = """
    from celery import Celery
    app = Celery("shop", task_serializer="pickle"){mark}
"""


@pytest.mark.parametrize(
    "folder",
    [
        ".github/scripts",
        ".old/shop",
        ".venv/lib/python3.12/site-packages/shop",
        "frontend/node_modules/tool",
        "lib/python3.12/dist-packages/shop",
        "locale/de/LC_MESSAGES",
        "shop/_vendor/queue",
        "third_party/queue",
        "vendor/queue",
        "fixtures/project",
        "shop/fixtures",
        "testdata/project",
        "testauth",
        "shop/testproject",
        "{{cookiecutter.project_slug}}/shop",
        "template/{{ package }}",
        "shop/project_template/project_name",
    ],
)
def test_what_is_not_the_projects_own(planted: Planted, folder: str) -> None:
    planted("ACG103", {f"{folder}/app.py": OFFENCE.format(mark="")})


@pytest.mark.parametrize(
    ("folder", "beside"),
    [
        ("shop/vendor", "models.py"),
        ("shop/vendor/api", "../models.py"),
        ("league/fixtures", "views.py"),
        ("shop/vendors", "vendored.py"),
        ("shop/templates", "__init__.py"),
        ("shop/github", "__init__.py"),
        ("shop/testimonials", "__init__.py"),
        ("template/project", "__init__.py"),
    ],
)
def test_what_looks_like_it_and_is(planted: Planted, folder: str, beside: str) -> None:
    planted("ACG103", {f"{folder}/app.py": OFFENCE.format(mark="  # <- ACG103"), f"{folder}/{beside}": ""})


def test_a_site_to_test_with_is_no_project(planted: Planted) -> None:
    planted("ACG103", {"tests/site/shop/app.py": OFFENCE.format(mark=""), "tests/site/manage.py": ""})
    planted("ACG103", {"site/shop/app.py": OFFENCE.format(mark="  # <- ACG103"), "site/manage.py": ""})


@pytest.mark.parametrize("folder", ["build/lib", ".github", "vendor/queue", "shop/fixtures", "{{ slug }}"])
def test_what_is_not_the_projects_own_is_checked_if_it_is_named(project: Any, folder: str) -> None:
    project.write({f"{folder}/app.py": OFFENCE.format(mark="  # <- ACG103"), "other.py": OFFENCE.format(mark="")})
    for named in (folder, folder.partition("/")[0] if "shop" not in folder else folder):
        findings = project.check(paths=[project.folder / named], select=["ACG103"])
        assert project.places(findings) == project.marks()


def test_a_virtual_environment_is_none_even_if_it_is_named(project: Any) -> None:
    project.write({"env/pyvenv.cfg": "", "env/app.py": OFFENCE.format(mark="")})
    assert project.check(paths=[project.folder / "env"]) == []
    assert project.seen == ["no Python file found to check: nothing was checked"]


def test_a_project_whose_own_folder_begins_with_a_dot(project: Any, tmp_path: Path) -> None:
    folder = tmp_path / ".work" / "{{shop}}"
    folder.mkdir(parents=True)
    project = type(project)(folder)
    project.write({"shop/app.py": OFFENCE.format(mark="  # <- ACG103")})
    assert project.places(project.check(select=["ACG103"])) == project.marks()


LIMITED = "services:\n  worker:\n    command: celery worker --time-limit=60\n"


@pytest.mark.parametrize(("file", "mark"), [(".deploy/compose.yml", ""), (".github/workflows/ci.yml", "  # <- ACG104")])
def test_a_worker_that_only_ci_starts_limits_nothing(planted: Planted, file: str, mark: str) -> None:
    code = f"""
        from celery import Celery
        app = Celery("shop")

        @app.task{mark}
        def work(): ...
    """
    planted("ACG104", {"shop.py": code, file: LIMITED})
