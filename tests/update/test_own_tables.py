"""From 0.3.0, whose services with a SQL store had no place for their own tables; some made one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, commit, write

from .histories import earlier

Command = Callable[..., Ran]

OWN = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
PLACE = ["models.py", "migrations/env.py", "migrations/script.py.mako", "migrations/versions/.gitkeep"]


@pytest.fixture
def project(repository: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service of 0.3.0 with a SQL store, as the current folder."""
    monkeypatch.chdir(tmp_path)
    options = ["--defaults", "--template", str(repository), "--ref", earlier()["0.3.0"]]
    ran = asyncgen("new", "shop", *options, "-d", "idempotency_store=postgresql")
    assert ran.code == 0, ran.err
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def test_an_update_brings_the_place(project: Path, asyncgen: Command) -> None:
    ran = asyncgen("update")
    assert ran.code == 0, ran.out + ran.err
    for path in PLACE:
        assert (project / "src/shop" / path).is_file(), path
        assert f"new      src/shop/{path}" in ran.out
    assert 'migrations=Migrations(f"{__package__}:migrations")' in (project / "src/shop/app.py").read_text()
    assert '[tool.alembic]\nscript_location = "shop:migrations"' in (project / "pyproject.toml").read_text()


def test_models_of_the_owner_s_stay_as_they_are(project: Path, asyncgen: Command) -> None:
    write(project, {"src/shop/models.py": OWN, "src/shop/migrations/versions/0001_mine.py": "# mine\n"})
    commit(project)
    ran = asyncgen("update")
    assert ran.code == 1, ran.out + ran.err
    assert (project / "src/shop/models.py").read_text() == OWN
    assert "src/shop/models.py: the template has a file of this name now, and yours stays as it is" in ran.out
    assert "<<<<<<<" not in ran.out
    assert (project / "src/shop/migrations/versions/0001_mine.py").read_text() == "# mine\n"
    assert (project / "src/shop/migrations/env.py").is_file()
