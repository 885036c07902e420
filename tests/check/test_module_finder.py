"""Under which names a project's modules are known, judged by whether the tasks in them are found."""

from typing import Any

import pytest

APP = """
    from celery import Celery
    app = Celery("shop")
"""
TASKS = """
    from {home} import app

    @app.task
    def work(): ...
"""


@pytest.mark.parametrize(
    ("files", "tasks"),
    [
        ({"config/celery.py": APP}, "shop/tasks.py"),
        ({"src/shop/celery/__init__.py": APP}, "src/shop/jobs.py"),
        ({"src/shop/celery/__init__.py": "", "src/shop/celery/app.py": APP}, "src/shop/celery/tasks.py"),
        ({"shop/__init__.py": "", "shop/celery.py": APP}, "shop/tasks.py"),
        ({"celery.py": APP}, "tasks.py"),
    ],
    ids=["no package", "a package in a namespace", "a module of such a package", "a package", "no folder"],
)
def test_a_module_called_celery_is_not_celery(project: Any, files: dict[str, str], tasks: str) -> None:
    (app,) = [name for name, text in files.items() if text]
    home = app.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    home = home if "." in home else f"{project.folder.name}.{home}"
    project.write({**files, tasks: TASKS.format(home=home)})
    (finding,) = project.check(select=["ACG104"])
    assert finding["path"].endswith(tasks)


def test_a_folder_that_is_a_package_itself(project: Any) -> None:
    """Only the package is given, and nothing around it is marked as a project."""
    package = project.folder / "shop"
    package.mkdir()
    for name, text in {"__init__": "", "celery": APP, "tasks": TASKS.format(home="shop.celery")}.items():
        lines = [line.removeprefix("    ") for line in text.splitlines()]
        (package / f"{name}.py").write_text("\n".join(lines))
    assert [finding["line"] for finding in project.check(paths=[package], select=["ACG104"])] == [4]
