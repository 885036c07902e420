"""Found by the application."""

from .. import app as _app

__all__: list[str] = []

del _app
