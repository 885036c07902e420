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


LAYOUTS = {
    "a root that is a package": ({"__init__.py": "", "shop/__init__.py": "", "shop/celery.py": APP}, "shop.celery"),
    "named by its folder": ({"__init__.py": "", "shop/__init__.py": "", "shop/celery.py": APP}, "planted.shop.celery"),
    "a folder with a version": ({"planted-1.0/__init__.py": "", "planted-1.0/celery.py": APP}, "planted.celery"),
    "src": ({"src/shop/__init__.py": "", "src/shop/celery.py": APP}, "shop.celery"),
    "src that is a package": (
        {"src/__init__.py": "", "src/shop/__init__.py": "", "src/shop/celery.py": APP},
        "shop.celery",
    ),
    "a package with manage.py": (
        {"server/__init__.py": "", "server/manage.py": "", "server/shop/__init__.py": "", "server/shop/celery.py": APP},
        "shop.celery",
    ),
    "two levels down": (
        {"services/web/__init__.py": "", "services/web/setup.py": "", "services/web/shop/__init__.py": "",
         "services/web/shop/celery.py": APP},
        "shop.celery",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_own_application_in_every_layout(project: Any, layout: str) -> None:
    """Were it another distribution's, no one could tell that its tasks have no limit."""
    files, home = LAYOUTS[layout]
    (app,) = [name for name, text in files.items() if text]
    tasks = f"{app.removesuffix('celery.py')}tasks.py"
    project.write({**files, tasks: TASKS.format(home=home)})
    folder = project.folder / "planted-1.0"
    (finding,) = project.check(paths=[folder if folder.is_dir() else project.folder], select=["ACG104"])
    assert finding["path"].endswith(tasks)


def test_the_application_of_another_distribution_stays_foreign(project: Any) -> None:
    files = {"__init__.py": "", "celery.py": APP, "shop/__init__.py": "", "shop/celery.py": APP}
    project.write({**files, "shop/tasks.py": TASKS.format(home="other.celery")})
    assert project.check(select=["ACG104"]) == []


def test_a_module_of_a_package_that_is_the_root_hides_no_library(project: Any) -> None:
    """`redis.py` of the package is not what `import redis` means."""
    code = """
        import redis
        from celery import Celery
        app = Celery("shop")

        @app.task(time_limit=9)
        def work(client): ...

        def send():
            work.delay(redis.Redis())
    """
    project.write({"__init__.py": "", "redis.py": "def Redis(): ...  # Celery\n", "work.py": code})
    assert [finding["line"] for finding in project.check(select=["ACG102"])] == [10]
