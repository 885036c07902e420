"""The environment variables of the runtime. No other module reads the environment, but for what OpenTelemetry names.

Every variable has the package's name in capitals as its prefix, for example `MYSERVICE_BROKER_URL`. A server is used
only if its variable is set: no host and no port is ever guessed, and `urls` says what a URL has to name.

In development the file `.env` of the working directory is read, too. A variable of the environment comes before it.
"""

import os
import re
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import ConfigurationError
from .probe import HEARTBEAT_FILE
from .urls import MEMORY, RABBITMQ, REDIS, REDIS_BROKER, REDIS_STORE, SQL, check_url, masked

__all__ = ["NAME", "PREFIX", "Environment", "Settings", "server_name", "settings", "stand_in"]

NAME = __name__.partition(".")[0]
"""The service's package."""

PREFIX = f"{NAME.upper()}_"
"""Prefixes the environment variables."""

DEVELOPMENT = "development"
DOTENV = Path(".env")


def dotenv() -> Path | None:
    """The file `.env`, if the environment says that this is development, or else the file itself does."""
    if not DOTENV.is_file():
        return None
    variable = f"{PREFIX}ENVIRONMENT".lower()
    said = os.environ.get(variable.upper()) or _lines(DOTENV).get(variable)
    return DOTENV if said == DEVELOPMENT else None


def _lines(file: Path) -> dict[str, str]:
    """The variables of a dotenv file, by their names in lower case."""
    from dotenv import dotenv_values  # where there is such a file

    return {name.lower(): value for name, value in dotenv_values(file).items() if value is not None}


class Environment(BaseModel):
    """Fields that are read from the variables `PREFIX` + the field's name in capitals."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @classmethod
    def read(cls) -> Self:
        """Read the variables; raises ConfigurationError for the first one whose value is not valid."""
        try:
            return cls.from_variables(dotenv())
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"expected {DOTENV} to be UTF-8, got: {error}; save it as UTF-8") from error
        except ValidationError as invalid:
            first = invalid.errors()[0]
            variable, value = f"{PREFIX}{first['loc'][0]}".upper(), first["input"]
            shown = masked(value) if isinstance(value, str) and re.search("://|@", value) else value
            raise ConfigurationError(
                f"expected {variable} to be valid ({first['msg']}), got: {shown!r}; correct the variable"
            ) from invalid

    @classmethod
    def from_variables(cls, file: Path | None) -> Self:
        """The values of the environment, over those of a dotenv file; raises ValidationError."""
        given = _lines(file) if file else {}
        given.update((name.lower(), value) for name, value in os.environ.items())
        names = {field: f"{PREFIX}{field}".lower() for field in cls.model_fields}
        return cls.model_validate({field: given[name] for field, name in names.items() if name in given})


class Settings(Environment):
    """What every service reads. Times are in seconds, sizes in bytes."""

    broker_url: str = ""
    """The broker. Several, with `;` in between, stand in for each other."""
    idempotency_url: str = ""
    """Where the keys of finished work are kept: Redis, or PostgreSQL, which has the outbox, too."""
    result_url: str = ""
    """Where the results are kept of the tasks that keep one."""

    environment: str = "production"
    """`development` is a machine where data may be lost: `doctor` warns of a server that is not durable, `.env` is
    read, and what a worker logs to a terminal is for people. Anything else is production."""
    namespace: str = Field(default="", pattern="^([a-z][a-z0-9_]{0,29})?$")
    """Keeps a second instance of the service apart on the same servers: begins the name of every queue, exchange and
    key, and is the schema of PostgreSQL's tables. Not of the exchanges that delay messages on RabbitMQ, which Celery
    names, and which services may share."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$")
    """The least of what a worker, beat or relay logs."""
    retention: int = Field(default=7 * 24 * 3600, gt=0)
    """How long the key of finished work is kept: a repeat after that is new work."""
    key_lease: int = Field(default=30, ge=3)
    """How long a run that crashed keeps its key from the next one. Renewed while a run goes on."""
    payload_limit: int = Field(default=64 * 1024, gt=0)
    """The most that a task's arguments may take as JSON."""
    delivery_limit: int = Field(default=5, gt=0)
    """How often a message may be redelivered, because its worker died, before it becomes a dead letter. With 1, so
    does what that worker had only prefetched."""
    publish_timeout: float = Field(default=3.0, gt=0)
    """Until a caller of `.delay()` knows. A new attempt is made only if it can end within it."""
    attempt_timeout: float = Field(default=2.0, gt=0)
    """How long one attempt to publish waits for the broker: when it connects, and again for the confirmation."""
    shutdown_limit: int = Field(default=3600, gt=0)
    """The longest that a worker may take to finish its tasks after SIGTERM, whatever the queue table says."""
    margin: int = Field(default=10, gt=0)
    """Between a queue's longest run, the end of a warm shutdown, and the container's grace period."""
    max_delay: int = Field(default=365 * 24 * 3600, gt=0)
    """The longest `countdown` or `eta`. A message that asks for more is refused, or a dead letter where it arrives."""
    keep_expired: bool = False
    """Whether a task whose `expires` has passed becomes a dead letter. Without it a line of the log says so."""
    heartbeat_file: Path = HEARTBEAT_FILE
    """Where a process says that it is alive, for the probe."""
    health_limit: float = Field(default=60.0, gt=0)
    """How long a worker may be deaf, its loop stand still or all of its pool hang until it does not count as live."""
    reconnect_limit: float = Field(default=600.0, gt=0)
    """How long a worker may be without the broker until it does not count as live: restarted, it would miss it, too."""

    @classmethod
    def read(cls) -> Self:
        """Read the variables; raises ConfigurationError for the first one whose value is not valid."""
        values = super().read()
        for field, schemes in SCHEMES.items():
            values.check(field, schemes)
        return values

    @property
    def development(self) -> bool:
        """Whether data may be lost here."""
        return self.environment == DEVELOPMENT

    def check(self, field: str, schemes: Iterable[str]) -> None:
        """Raise ConfigurationError if the URL in `field` is set and has another scheme, or lacks a part."""
        if value := getattr(self, field):
            check_url(f"{PREFIX}{field.upper()}", value, schemes, several=field == "broker_url")

    def require(self, field: str, schemes: Iterable[str] = ()) -> str:
        """The URL in `field`, of one of `schemes` if given; raises ConfigurationError that names the variable."""
        if schemes:
            self.check(field, schemes)
        value: str = getattr(self, field)
        if not value:
            raise ConfigurationError(
                f"expected {PREFIX}{field.upper()} to be set, got: nothing; "
                "see .env.example for each variable and its form"
            )
        return value


SCHEMES = {
    "broker_url": (*REDIS_BROKER, *RABBITMQ, *MEMORY),
    "idempotency_url": (*REDIS_STORE, *SQL),
    "result_url": (*REDIS, *SQL),
}
"""What the URLs may lead to in any service; `create_app` knows which of them a service is made for."""


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings.read()


def server_name() -> str:
    """What begins the name of everything that the service owns on its servers."""
    namespace = settings().namespace
    return f"{namespace}.{NAME}" if namespace else NAME


def stand_in() -> None:
    """Let a process that connects to nothing do without the URL of results, which a task that keeps one asks for."""
    if not settings().result_url:
        url = "redis://nowhere:1/0" if find_spec("redis") else "postgresql://nowhere:1/nothing"
        os.environ[f"{PREFIX}RESULT_URL"] = url
        settings.cache_clear()
