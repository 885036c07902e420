"""This service's environment variables. A field `api_url: str = ""` is read from the variable <PACKAGE>_API_URL.

The fields of the runtime are in `runtime/settings.py`; `.env.example` lists all variables.
"""

from functools import cache

from . import runtime

__all__ = ["Settings", "settings"]


class Settings(runtime.Settings):
    """Give each field a type, and a default unless the service cannot start without it."""


@cache
def settings() -> Settings:
    """The settings of this process, read once; raises ConfigurationError for a value that is not valid."""
    return Settings.read()
