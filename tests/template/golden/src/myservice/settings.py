"""The environment. No other room reads it.

Every variable has the package's name in capitals as its prefix, for example `MYSERVICE_BROKER_URL`. A server is used
only if its variable is set: no host and no port is ever guessed.
"""

import tempfile
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import SettingsConfigDict

from . import NAME
from .broker_settings import BrokerSettings
from .errors import ConfigurationError

__all__ = ["PREFIX", "Settings", "settings"]

PREFIX = f"{NAME.upper()}_"


class Settings(BrokerSettings):
    """What the environment says. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    broker_url: str = ""
    idempotency_url: str = ""
    result_url: str = ""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$")
    retention: int = Field(default=7 * 24 * 3600, gt=0)
    """How long the key of finished work is kept: a repeat after that is new work."""
    key_lease: int = Field(default=30, ge=3)
    """How long a run that crashed keeps its key from the next one. Renewed while a run goes on."""
    payload_limit: int = Field(default=64 * 1024, gt=0)
    """The most that a task's arguments may take as JSON."""
    shutdown_limit: int = Field(default=3600, gt=0)
    """The longest that a worker may take to finish its tasks after SIGTERM, whatever the queue table says."""
    heartbeat_file: Path = Path(tempfile.gettempdir()) / f"{NAME}.heartbeat"
    """Where a worker says that it is alive, for `health`."""

    def require(self, field: str) -> str:
        """The URL in `field`, or a ConfigurationError that names the variable to set."""
        value: str = getattr(self, field)
        if not value:
            raise ConfigurationError(
                f"expected {PREFIX}{field.upper()} to be set, got: nothing; "
                "see .env.example for each variable and its form"
            )
        return value


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    try:
        return Settings()
    except ValidationError as invalid:
        first = invalid.errors()[0]
        variable = f"{PREFIX}{first['loc'][0]}".upper()
        raise ConfigurationError(
            f"expected {variable} to be valid ({first['msg']}), got: {first['input']!r}; correct the variable"
        ) from invalid
