"""The client that sends to Sentry, with no integration: they would report retries, and collect what is nobody's."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sentry_sdk.client import Client

from ..settings import NAME, settings
from .sentry_events import without_secrets
from .settings import observability_settings

__all__ = ["new_client"]

RUNTIME = __name__.rpartition(".observability.")[0]


def new_client() -> Any:
    """A client for this process. It sends on a thread of its own, and drops what does not fit into its queue."""
    options: dict[str, Any] = {
        "dsn": observability_settings().sentry_dsn,
        "environment": settings().environment,
        "release": _release(),
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "auto_session_tracking": False,
        "include_local_variables": False,  # of `send_default_pii` the default is False, and to say so is deprecated
        "before_send": without_secrets,
        "in_app_include": [f"{NAME}.tasks", f"{NAME}.workflows"],  # installed, too
        "in_app_exclude": [RUNTIME],
        "shutdown_timeout": observability_settings().flush_timeout,
        "spotlight": False,
    }
    return Client(**options)


def _release() -> str:
    """The service and its version: the client would ask git, in a process of its own."""
    try:
        return f"{NAME}@{version(NAME)}"
    except PackageNotFoundError:  # it runs from its sources
        return NAME
