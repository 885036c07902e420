"""A service with tables of its own: written, migrated, tested and shown, on SQLite in place and on PostgreSQL."""

import os
from pathlib import Path

import pytest

from tests.postgresql import postgresql

from .commands import asyncgen, commit, run
from .test_generated import BIN

MODEL = '''

class Invoice(Model):
    """One that was sent."""

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
'''
ASSERTED = """    with service.session() as session:
        assert session.scalars(select(Invoice.number)).all() == ARGUMENTS
"""


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for old, new in changes:
        assert text.count(old) == 1, (file, old)
        text = text.replace(old, new)
    file.write_text(text)


def write_the_work(project: Path) -> None:
    """What an owner writes: a model, the body of a task, and what its test asserts."""
    models = project / "src/shop/models.py"
    edit(models, ('__all__ = ["Model"]', '__all__ = ["Invoice", "Model"]'))
    edit(models, ("import DeclarativeBase\n", "import DeclarativeBase, Mapped, mapped_column\n"))
    models.write_text(models.read_text() + MODEL)
    edit(
        project / "src/shop/tasks/send_invoice.py",
        ("import logging\n\n", ""),
        ("from ..queues", "from ..models import Invoice\nfrom ..queues"),
        ("logger = logging.getLogger(__name__)\n\n\n", "\n"),
        (
            'logger.info("send_invoice is not written yet, key %s", task.idempotency_key)',
            "task.session.add(Invoice(number=invoice_id))",
        ),
    )
    edit(
        project / "tests/tasks/test_send_invoice.py",
        ("import pytest\n", "import pytest\nfrom sqlalchemy import select\n"),
        (
            "import shop.tasks.send_invoice as module\n",
            "import shop.tasks.send_invoice as module\nfrom shop.models import Invoice\n",
        ),
    )
    test = project / "tests/tasks/test_send_invoice.py"
    lines = test.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "`with service.session()" in line)
    test.write_text("".join([*lines[: place + 1], ASSERTED, *lines[place + 1 :]]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broker", "database", "demo"),
    [
        ("redis", "postgresql", False),
        ("rabbitmq", "postgresql", True),
        ("redis", "sqlite", True),
    ],
)
def test_a_task_that_writes_to_an_own_table_is_green(
    broker: str, database: str, demo: bool, template: Path, tmp_path: Path
) -> None:
    options = ["--broker", broker, "-d", "idempotency_store=postgresql", "-d", "queue_layout=priority"]
    asyncgen("new", "shop", "--defaults", "--template", template, *options, cwd=tmp_path)
    project = tmp_path / "shop"
    asyncgen("add-task", "send_invoice", "--arg", "invoice_id:int", "--key", "invoice_id", cwd=project)
    write_the_work(project)
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    run("make", ".venv/.installed", cwd=project, env=env)
    bin_ = project / ".venv/bin"

    with postgresql() as schema:
        assert schema or not os.environ.get("CI")
        url = schema if database == "postgresql" and schema else f"sqlite:///{tmp_path}/dev.sqlite"
        env["SHOP_IDEMPOTENCY_URL"] = url
        assert run(bin_ / "shop", "migrate", cwd=project, env=env) == "applied: runtime 1, runtime 2\n"
        with pytest.raises(AssertionError, match="run `alembic revision --autogenerate -m"):
            run(bin_ / "python", "-m", "pytest", "tests/test_models.py", cwd=project, env=env)
        run(bin_ / "alembic", "revision", "--autogenerate", "-m", "invoices", cwd=project, env=env)
        with pytest.raises(AssertionError, match=r"got: one without [0-9a-f]+ invoices; run shop migrate"):
            run(bin_ / "shop", "doctor", cwd=project, env=env)
        assert run(bin_ / "shop", "migrate", cwd=project, env=env).endswith(" invoices\n")
        assert run(bin_ / "shop", "migrate", cwd=project, env=env) == "nothing to apply\n"
        commit(project, "Invoices")

        env["SHOP_IDEMPOTENCY_URL"] = schema if database == "postgresql" else ""
        run("make", "lint", "contract", cwd=project, env=env)
        run("make", "test", cwd=project, env=env)
        if demo:
            shown = run("make", "demo", "TASKS=send_invoice", cwd=project, env=env)
            assert shown.count("\nok") == 3, shown
