"""The application under test."""

import os
from importlib import import_module

from ..service import ServiceApp
from ..settings import NAME, PREFIX

__all__ = ["app_module", "load_app"]


def app_module() -> str:
    """The module of the service's application; the variable APP names another one."""
    return os.environ.get(f"{PREFIX}APP", f"{NAME}.app")


def load_app() -> ServiceApp:
    """Import the service's application."""
    app: ServiceApp = import_module(app_module()).app
    return app
