"""`doctor`: is everything there that the service relies on, and configured as it has to be?"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

import click

from ..brokers import Finding
from ..errors import MigrationError, ServiceError
from ..service import ServiceApp
from ..settings import NAME, PREFIX, settings
from ..task import service_tasks
from . import LoadApp

__all__ = ["command"]


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(load_app: LoadApp, as_json: bool) -> None:
    """Ask the broker, the store and the tasks; exit 1 if something has to be changed. Changes nothing.

    With the variable ENVIRONMENT=development, a Redis that would lose data is only a warning.
    """
    findings = list(_examine(load_app()))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            verdict = "warn" if finding.warning else "ok" if finding.ok else "FAIL"
            click.echo(f"{verdict:<4}  {finding.subject:<22}  {finding.detail}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _examine(app: ServiceApp) -> Iterator[Finding]:
    broker = app.service.broker
    failures: tuple[type[BaseException], ...] = (ServiceError, OSError, *broker.errors)

    def asked(subject: str, question: Callable[[], str]) -> Finding:
        try:
            return Finding(subject, True, question())
        except failures as error:
            return Finding(subject, False, str(error) or type(error).__name__)

    yield asked("tasks", lambda: f"{len(service_tasks(app))} found, each with limits that fit its queue")
    answer = asked("broker", lambda: _connect(app))
    yield answer
    if answer.ok:
        yield from broker.diagnose(app, app.service.queues)
    elif _same_server(settings().broker_url, settings().idempotency_url):
        yield Finding("idempotency store", False, "not asked, since it is on the server of the broker")
        return
    yield asked("idempotency store", lambda: _ping(app))


def _connect(app: ServiceApp) -> str:
    settings().require("broker_url")
    with app.connection_for_write() as connection:
        connection.connect()
        return f"answers at {connection.as_uri()}"


def _same_server(broker: str, store: str) -> bool:
    """Whether what keeps one from answering is the other's trouble, too."""
    one, other = urlsplit(broker), urlsplit(store)
    return bool(one.hostname) and (one.hostname, one.port) == (other.hostname, other.port)


def _ping(app: ServiceApp) -> str:
    if lacking := app.service.lacking():
        raise MigrationError(
            f"expected the database to have every migration, got: one without {', '.join(lacking)}; run {NAME} migrate"
        )
    app.service.open_store().ping()
    return f"answers at {PREFIX}IDEMPOTENCY_URL"
