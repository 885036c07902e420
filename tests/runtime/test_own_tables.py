"""Tables of a service's own, made by its migrations for tests and for workers; and a database that lacks them."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from runtime.idempotency.sql.database import engine_of
from runtime.testing import InProcessService, Worker
from runtime.testing.processes import Console, Workers

from .combinations import on
from .service.calls import publish
from .service.models import Mark
from .service.tasks.marks import mark


@pytest.mark.parametrize("time", [1, 2])
def test_a_run_writes_to_a_table_that_each_test_finds_empty(service: InProcessService, time: int) -> None:
    with service.session() as session:
        session.add(Mark(name="before"))
    for _ in range(2):
        assert service.deliver(mark, "mine").state == "SUCCESS"
    with service.session() as session:
        assert session.scalars(select(Mark.name).order_by(Mark.id)).all() == ["before", "mine"]
    assert service.missing_migrations() == []


@on("redis-sql", "rabbitmq-sql")
def test_a_worker_finds_the_tables(worker: Worker, services: dict[str, str]) -> None:
    name = str(uuid.uuid4())
    worker.call(publish, "tests.mark", name)

    def seen() -> list[str]:
        with Session(engine_of(services["RUNTIME_IDEMPOTENCY_URL"])) as session:
            return list(session.scalars(select(Mark.name).where(Mark.name == name)))

    worker.wait(lambda: seen() == [name])


@on("rabbitmq-sql")
def test_doctor_and_migrate_tell_what_a_database_lacks(services: dict[str, str], workers: Workers) -> None:
    url = services["RUNTIME_IDEMPOTENCY_URL"]
    with engine_of(url).begin() as connection:
        for table in ("marks", "runtime_alembic_version"):
            connection.execute(text(f"DROP TABLE {table}"))
    console = workers.console
    with pytest.raises(
        AssertionError, match="expected the database to have every migration, got: one without 0001 marks"
    ):
        console.command("doctor", "--json")
    code = (
        "from click.testing import CliRunner; from runtime.cli import group; from runtime.testing.app import load_app; "
    )
    code += (
        "import json; print(json.dumps([CliRunner().invoke(group, ['migrate'], obj=load_app).output for _ in '12']))"
    )
    assert console.python(code) == ["applied: 0001 marks\n", "nothing to apply\n"]
    assert all(finding["ok"] for finding in console.command("doctor", "--json"))


@on("rabbitmq-sql")
def test_alembic_before_the_first_migrate_makes_the_schema_of_the_namespace(
    services: dict[str, str], new_console: Callable[..., Console]
) -> None:
    namespace = f"n{uuid.uuid4().hex[:12]}"
    code = (
        "from alembic import command; from alembic.config import Config; config = Config(); "
        "config.set_main_option('script_location', 'tests.runtime.service:migrations'); "
        "command.upgrade(config, 'head'); print('true')"
    )
    engine = engine_of(services["RUNTIME_IDEMPOTENCY_URL"])
    try:
        assert new_console(NAMESPACE=namespace).python(code) is True
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT to_regclass(:table)"), {"table": f"{namespace}.marks"})
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {namespace} CASCADE"))
