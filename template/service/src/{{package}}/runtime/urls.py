"""The URLs of servers: what a client would guess, or take for something else, is refused where it is read.

Required: a known scheme, a host and a port; of Redis a database by its number, if any; of PostgreSQL a database; of a
socket and of SQLite a path. PostgreSQL's host may stand in the query, as SQLAlchemy and libpq have it.
"""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qs, urlsplit

from .errors import ConfigurationError

__all__ = ["MEMORY", "RABBITMQ", "REDIS", "REDIS_BROKER", "REDIS_STORE", "SOCKET", "SQL", "check_url", "masked"]

REDIS, SOCKET = ("redis", "rediss"), ("unix", "redis+socket")
REDIS_BROKER, REDIS_STORE = (*REDIS, "sentinel", "redis+socket"), (*REDIS, "unix")
"""What kombu and redis-py know: each has its own name for a socket."""
RABBITMQ = ("amqp", "amqps", "pyamqp")
POSTGRESQL, SQLITE = ("postgresql", "postgresql+psycopg", "postgres"), ("sqlite", "sqlite+pysqlite")
SQL = (*POSTGRESQL, *SQLITE)
MEMORY = ("memory",)
"""A broker within one process, for tests."""

EXAMPLES = {
    "redis": "redis://HOST:6379/0",
    "rediss": "rediss://HOST:6379/0",
    "sentinel": "sentinel://HOST:26379",
    "unix": "unix:///run/redis.sock",
    "redis+socket": "redis+socket:///run/redis.sock",
    "amqp": "amqp://USER:PASSWORD@HOST:5672//",
    "amqps": "amqps://USER:PASSWORD@HOST:5671//",
    "pyamqp": "pyamqp://USER:PASSWORD@HOST:5672//",
    **{scheme: f"{scheme}://USER:PASSWORD@HOST:5432/DATABASE" for scheme in POSTGRESQL},
    **{scheme: f"{scheme}:////var/lib/service.sqlite" for scheme in SQLITE},
}
"""A right value for each scheme."""


def check_url(variable: str, value: str, schemes: Iterable[str], *, several: bool = False) -> None:
    """Raise ConfigurationError, which names the variable and a right value and shows no password.

    several: kombu's `URL;URL` is allowed, of brokers that stand in for each other.
    """
    schemes = tuple(schemes)
    for url in value.split(";") if several else [value]:
        if fault := _fault(url, schemes):
            scheme = url.partition("://")[0]
            example = EXAMPLES[scheme if scheme in schemes else schemes[0]]
            raise ConfigurationError(
                f"expected {variable} to {fault}, such as {example}, got: {masked(value)}; correct the variable"
            )


def masked(url: str) -> str:
    """The URL, or what was meant to be one, without what may be a password."""
    if ";" in url and all("://" in part for part in url.split(";")):
        return ";".join(masked(part) for part in url.split(";"))
    credentials, at, rest = url.rpartition("@")
    if at:
        shown: str = re.match(r"([^:/@]*:?//)?[^:]*", credentials)[0]  # type: ignore[index]  # it matches anything
        url = f"{shown}{':**' if shown != credentials else ''}@{rest}"
    elif not re.match(r"[^:/]*://(\[[^]]*\]|[^:/?#]*)(:\d*)?([/?#]|$)", url):  # what ends a host is no port
        url = re.sub(r"(?<=.):(?!//?|\d+(/|$)).*", ":**", url)
    return re.sub(r"(?i)(password=|secret=|token=)[^&]*", r"\1**", url)


def _fault(url: str, schemes: tuple[str, ...]) -> str:
    """What the URL would have to do, or nothing."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in schemes:
        return f"begin with {' or '.join(f'{each}://' for each in schemes if each not in MEMORY)}"
    if re.search(r"\s", url):
        return "have no white space"
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname and parts.port)
    except ValueError:
        named = False
    if scheme in MEMORY:
        return ""
    if scheme in (*SQLITE, *SOCKET):
        return "" if parts.path.strip("/") and not parts.netloc else "name a file by its path"
    if not named and "@" in url.partition("://")[2].partition("/")[2]:
        return "have the special characters of its user and password percent-encoded"
    if scheme in POSTGRESQL:
        return _postgresql_fault(parts, named) if named or parts.query else NO_SERVER
    if not named:
        return NO_SERVER
    if scheme in REDIS and not re.fullmatch(r"/?\d*", parts.path):
        return "name its database by a number"
    return ""


NO_SERVER = "name a host and a port, which are never guessed"


def _postgresql_fault(parts: SplitResult, named: bool) -> str:
    query = parse_qs(parts.query)
    if not named and not {"host", "service"} & query.keys():
        return NO_SERVER
    return "" if parts.path.strip("/") or {"dbname", "service"} & query.keys() else "name a database"
