"""The database that holds keys and outbox: whether the outbox is sent, and whether PostgreSQL keeps what it commits."""

import shlex
import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import URL, Connection, Row, text

from ...diagnostics import Finding, clock, losing, processes
from ...queues import QueueClass, max_runtime
from ...settings import NAME
from .backlog import backlog_of

__all__ = ["backlog", "diagnose"]

OLDEST = 14
"""Ends the statement, and with it the locks, of a worker that was killed (`client_connection_check_interval`)."""

LOSES = "when it is killed it loses what it has committed, keys and outbox"
EXPECTED = {
    "fsync": ("on", LOSES),
    "full_page_writes": ("on", "a crash can leave pages that cannot be read"),
    "synchronous_commit": ("on", LOSES),
}
"""Settings, the value that loses nothing, and what happens otherwise."""

WRITABLE = ("default_transaction_read_only", "off")
ISOLATION = ("default_transaction_isolation", "read committed")

ENDING = ("idle_in_transaction_session_timeout", "transaction_timeout")
"""Milliseconds, 0 for none: a `transactional` run has its transaction open as long as it lasts."""

SETTINGS = text("SELECT name, setting, source FROM pg_settings WHERE name = ANY(:names)")

SERVER = text(
    """
    SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
        current_database() AS database, current_user AS role,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
        (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
        (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS of_role
    """
)

OVERDUE = 60.0
"""Seconds after which a message of the outbox should have been sent, or tried in vain."""

NOW = text("SELECT extract(epoch FROM clock_timestamp())::double precision")


def backlog(connection: Connection) -> Finding:
    """Whether the relay sends what transactions have put into the outbox."""
    found = backlog_of(connection)
    if found.failing:
        seen = f"{found.failing} of {found.waiting} that fail, the oldest with {found.error}"
        detail = f"expected a relay to send its messages, got: {seen}"
        return Finding("outbox", False, detail, fix=f"{NAME} relay --once  # once that is corrected")
    if found.overdue > OVERDUE:
        seen = f"{found.waiting} that wait, the first for {found.overdue:.0f} s"
        detail = f"expected a relay to send its messages, got: {seen}"
        return Finding("outbox", False, detail, fix=f"{NAME} relay")
    return Finding("outbox", True, f"{found.waiting} messages wait")


def diagnose(connection: Connection, url: URL, queues: Sequence[QueueClass]) -> Iterator[Finding]:
    """Yield findings about the server at the other end of `connection`; `url` leads there by hand, too."""
    before = time.time()
    yield clock("store", float(connection.execute(NOW).scalar_one()), before, time.time())
    server = connection.execute(SERVER).one()
    psql = _psql(url)
    yield _version(server)
    yield _standby(server)
    yield _connections(server, queues, psql)
    names = [*EXPECTED, WRITABLE[0], ISOLATION[0], *ENDING]
    found = {row.name: row for row in connection.execute(SETTINGS, {"names": names})}

    def change(name: str, value: str) -> str:
        return f"{psql} -c {shlex.quote(_statement(server, found[name], value))}"

    for name, (expected, otherwise) in EXPECTED.items():
        seen = found[name].setting
        if seen == expected or (name == "synchronous_commit" and seen != "off"):
            yield Finding(f"store {name}", True, seen)
        else:
            yield losing(f"store {name}", f"expected {expected}, got: {seen}; else {otherwise}", change(name, expected))

    name, expected = WRITABLE
    if (seen := found[name].setting) != expected:
        detail = f"expected {expected}, got: {seen}; else no key can be written"
        fix = change(name, expected).replace(" -c ", f" -c 'SET {name} = {expected}' -c ", 1)  # or it is refused itself
        yield Finding(f"store {name}", False, detail, fix=fix)
    name, expected = ISOLATION
    if (seen := found[name].setting) != expected:
        detail = (
            f"expected {expected}, got: {seen}; workers set their own, other applications that use the outbox do not"
        )
        yield Finding(f"store {name}", True, detail, warning=True, fix=change(name, expected))
    for name in ENDING:
        longest = max_runtime(queues) * 1000
        if name in found and 0 < int(found[name].setting) < longest:
            detail = f"expected 0 or at least {longest} ms, the largest max_runtime, got: {found[name].setting}; "
            detail += "else a longer `transactional` run fails at its end"
            yield Finding(f"store {name}", False, detail, fix=change(name, "0"))


def _version(server: Row[Any]) -> Finding:
    version = server.version // 10_000
    if version >= OLDEST:
        return Finding("store version", True, f"PostgreSQL {version}")
    detail = f"expected PostgreSQL {OLDEST} or newer, got: {version}; else a killed worker's statement keeps its locks"
    return Finding("store version", False, detail, fix="upgrade the server")


def _standby(server: Row[Any]) -> Finding:
    if not server.standby:
        return Finding("store role", True, "primary")
    detail = "expected a server that can be written, got: a standby; name the primary in the URL"
    return Finding("store role", False, detail, fix="pg_ctl promote  # if it is to take over")


def _connections(server: Row[Any], queues: Sequence[QueueClass], psql: str) -> Finding:
    """One worker for each queue uses a connection for each process or thread, and one of its own; so does the relay."""
    need = sum(processes(queue) + 1 for queue in queues) + 1
    database, role = _quoted(server.database), _quoted(server.role)
    limits = {
        f"ALTER DATABASE {database} CONNECTION LIMIT -1": server.of_database,
        f"ALTER ROLE {role} CONNECTION LIMIT -1": server.of_role,
        f"ALTER SYSTEM SET max_connections = {max(2 * need, 100)}": server.connections,
    }
    statement, limit = min(((key, value) for key, value in limits.items() if value >= 0), key=lambda each: each[1])
    if limit >= need:
        return Finding(
            "store connections", True, f"{limit}, of which one worker for each queue and the relay use {need}"
        )
    detail = f"expected at least {need} connections, for one worker of each queue and the relay, got: {limit}"
    restart = "  # and restart the server" if "max_connections" in statement else ""
    return Finding("store connections", False, detail, fix=f"{psql} -c {shlex.quote(statement)}{restart}")


def _statement(server: Row[Any], found: Row[Any], value: str) -> str:
    """What sets the setting where it is set now."""
    setting = f"SET {found.name} = {shlex.quote(value)}" if " " in value else f"SET {found.name} = {value}"
    database, role = _quoted(server.database), _quoted(server.role)
    return {
        "database": f"ALTER DATABASE {database} {setting}",
        "user": f"ALTER ROLE {role} {setting}",
        "database user": f"ALTER ROLE {role} IN DATABASE {database} {setting}",
    }.get(found.source, f"ALTER SYSTEM {setting}")


def _psql(url: URL) -> str:
    """How to reach the database by hand; it asks for the password."""
    address = url.set(drivername="postgresql", password=None, query={})
    return shlex.join(["psql", address.render_as_string()])


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
