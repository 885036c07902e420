"""`doctor`: is everything there that the service relies on, and configured as it has to be?"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import click

from ..diagnostics import Finding, container
from ..errors import MigrationError, ServiceError
from ..service import ServiceApp
from ..settings import NAME, PREFIX, settings
from ..task import service_tasks
from ..urls import MEMORY
from . import LoadApp
from ._answered import answered

__all__ = ["command"]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(load_app: LoadApp, as_json: bool) -> None:
    """Look for faults of broker, stores and tasks. Exit 1 if something has to be changed. Changes nothing.

    What fails is shown with the command that changes it, and what could not be asked with the one that asks for it.
    With the variable ENVIRONMENT=development, a server that would lose data is only a warning.
    """
    findings = list(_examine(load_app()))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{_verdict(finding):<7}  {finding.subject:<23}  {finding.detail}")
            for fix in finding.fix.splitlines():
                click.echo(f"{'':<7}  {'':<23}  $ {fix}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _verdict(finding: Finding) -> str:
    if finding.unknown:
        return "unknown"
    return "warn" if finding.warning else "ok" if finding.ok else "FAIL"


def _examine(app: ServiceApp) -> Iterator[Finding]:
    broker, queues, urls = app.service.broker, app.service.queues, settings()
    failures: tuple[type[BaseException], ...] = (ServiceError, OSError, *broker.errors)

    def asked(subject: str, question: Callable[[], str]) -> Finding:
        try:
            return Finding(subject, True, question())
        except failures as error:
            fix = f"{NAME} migrate" if isinstance(error, MigrationError) else ""
            return Finding(subject, False, str(error) or type(error).__name__, fix=fix)

    def diagnosed(subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
        try:
            yield from findings
        except failures as error:
            yield Finding(subject, False, f"expected an answer to each question, got: {error or type(error).__name__}")

    yield asked("tasks", lambda: f"{len(service_tasks(app))} found, each with limits that fit its queue")
    yield container.diagnose(queues, container.memory_limit())
    reached = asked("broker", lambda: _connect(app))
    yield reached
    same = _same_server(urls.broker_url, urls.idempotency_url)
    if reached.ok and not urls.broker_url.startswith(tuple(f"{scheme}:" for scheme in MEMORY)):
        yield from diagnosed("broker", broker.diagnose(app, queues))
    if not reached.ok and same:
        yield Finding("idempotency store", False, "not asked, since it is on the server of the broker")
    else:
        store = asked("idempotency store", lambda: _ping(app))
        yield store
        if store.ok and not same:
            yield from diagnosed("idempotency store", app.service.open_store().diagnose(queues))
    if urls.result_url:
        yield asked("result backend", lambda: _reach_results(app))


def _connect(app: ServiceApp) -> str:
    settings().require("broker_url")
    with answered(lambda: app), app.connection_for_write() as connection:
        connection.connect()
        return f"answers at {connection.as_uri()}"


def _same_server(broker: str, store: str) -> bool:
    """Whether what is found of one is the other's, too."""
    one, other = urlsplit(broker), urlsplit(store)
    return bool(one.hostname) and (one.hostname, one.port) == (other.hostname, other.port)


def _ping(app: ServiceApp) -> str:
    if lacking := app.service.lacking():
        raise MigrationError(f"expected the database to have every migration, got: one without {', '.join(lacking)}")
    app.service.open_store().ping()
    return f"answers at {PREFIX}IDEMPOTENCY_URL"


def _reach_results(app: ServiceApp) -> str:
    """Celery's own client of the results asks: it is the one that workers and callers use."""
    backend: Any = app.backend
    try:
        if hasattr(backend, "session_manager"):
            engine = backend.session_manager.get_engine(backend.url, **backend.engine_options)
            engine.connect().close()
        else:
            backend.client.ping()
    except Exception as error:  # each driver has its own
        reply = str(getattr(error, "orig", None) or error).strip()
        raise ServiceError(
            f"expected the server at {PREFIX}RESULT_URL to answer, got: {reply}; "
            "start it, or correct the URL (user and password too)"
        ) from error
    return f"answers at {PREFIX}RESULT_URL"
