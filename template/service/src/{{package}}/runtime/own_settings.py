"""The base of the settings that a service's owner adds. pydantic-settings reads them: lists as JSON, secrets, models.

The runtime's own variables are plain, and a process that reads no others does not import it.
"""

from pathlib import Path
from typing import Self

from pydantic_settings import BaseSettings, SettingsConfigDict

from . import settings

__all__ = ["Settings"]


class Settings(settings.Settings, BaseSettings):
    """The runtime's fields, to which a subclass adds its own."""

    model_config = SettingsConfigDict(env_prefix=settings.PREFIX, extra="ignore")

    @classmethod
    def from_variables(cls, file: Path | None) -> Self:
        """See Environment."""
        return cls(_env_file=file)  # type: ignore[call-arg]  # pydantic-settings' own, not a field
