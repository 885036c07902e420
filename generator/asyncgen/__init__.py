"""Start, grow and keep a Celery service that loses nothing when workers and brokers die.

For programs: `create_service`, `add_task`, `check_code` and `update_service` do what the commands do. They are loaded
when they are used, so that the command line starts fast.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import (
        AddedTask,
        AsyncgenError,
        CheckResult,
        Finding,
        Project,
        ServiceUpdate,
        TaskOptions,
        add_task,
        check_code,
        create_service,
        update_service,
    )

__all__ = [
    "AddedTask",
    "AsyncgenError",
    "CheckResult",
    "Finding",
    "Project",
    "ServiceUpdate",
    "TaskOptions",
    "add_task",
    "check_code",
    "create_service",
    "update_service",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import api

    return getattr(api, name)
