"""uv.lock is the owner's: an update does not touch it, and says when it no longer fits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, write

from .planted import release

Command = Callable[..., Ran]
SERVICE = "template/service"
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = [{}]\n\n[tool.ruff]\nline-length = {}\n'
MISSING = "There is no uv.lock, which the image needs: run make lock, and commit it."
OTHER = "pyproject.toml names other dependencies than uv.lock: run make lock, and commit it."


@pytest.fixture
def locked(template: Path, service: Path, asyncgen: Command) -> Path:
    """A service on a release that locks, with a lock."""
    makefile, image = f"{SERVICE}/Makefile", f"{SERVICE}/Dockerfile"
    project = PROJECT.format('"celery"', 100)
    release(template, "0.2.0", {makefile: "x:\n\nlock:\n", image: "FROM x\n", f"{SERVICE}/pyproject.toml": project})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert MISSING in ran.out
    write(service, {"uv.lock": "version = 1\n"})
    commit(service)
    return service


@pytest.mark.parametrize(
    ("dependencies", "line_length", "told"), [('"celery", "redis"', 100, True), ('"celery"', 120, False)]
)
def test_other_dependencies_need_another_lock(
    dependencies: str, line_length: int, told: bool, locked: Path, template: Path, asyncgen: Command
) -> None:
    release(template, "0.3.0", {f"{SERVICE}/pyproject.toml": PROJECT.format(dependencies, line_length)})
    ran = asyncgen("update")
    assert ran.code == 0, ran.err
    assert (OTHER in ran.out) is told
    assert MISSING not in ran.out
    assert (locked / "uv.lock").read_text() == "version = 1\n"
