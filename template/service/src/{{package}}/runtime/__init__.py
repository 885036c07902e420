"""The runtime of this service: generated, tested with its template, replaced by `asyncgen update`.

`__all__` is its public interface, beside `runtime.testing`. Each name is imported when it is first used: a command that
needs no Celery starts without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import create_app
    from .decorator import shared_task
    from .errors import (
        Busy,
        CircuitOpen,
        ConfigurationError,
        KeyConflict,
        LeaseLost,
        MigrationError,
        PayloadError,
        PublishError,
        RetryLater,
        ServiceError,
        StoreUnavailable,
        TaskOptionError,
    )
    from .own_settings import Settings
    from .publishing import Unconfirmed, publish_many
    from .queues import QueueClass
    from .status import TaskStatus, task_status
    from .submission import submit
    from .task import ServiceTask
    from .workflow import Workflow

__all__ = [
    "Busy",
    "CircuitOpen",
    "ConfigurationError",
    "KeyConflict",
    "LeaseLost",
    "MigrationError",
    "PayloadError",
    "PublishError",
    "QueueClass",
    "RetryLater",
    "ServiceError",
    "ServiceTask",
    "Settings",
    "StoreUnavailable",
    "TaskOptionError",
    "TaskStatus",
    "Unconfirmed",
    "Workflow",
    "create_app",
    "publish_many",
    "shared_task",
    "submit",
    "task_status",
]

MODULES = {
    "app": ["create_app"],
    "decorator": ["shared_task"],
    "own_settings": ["Settings"],
    "publishing": ["Unconfirmed", "publish_many"],
    "queues": ["QueueClass"],
    "status": ["TaskStatus", "task_status"],
    "submission": ["submit"],
    "task": ["ServiceTask"],
    "workflow": ["Workflow"],
}
"""Where a name is defined; the others are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in MODULES.items() if name in names), "errors")
    globals()[name] = found = getattr(import_module(f".{module}", __name__), name)
    return found
