"""The application under test."""

import os
from importlib import import_module

from ..service import ServiceApp
from ..settings import NAME, PREFIX

__all__ = ["MODULE", "load_app"]

MODULE = os.environ.get(f"{PREFIX}APP", f"{NAME}.app")
"""The module of the service's application; the variable APP names another one."""


def load_app() -> ServiceApp:
    """Import the service's application."""
    app: ServiceApp = import_module(MODULE).app
    return app
