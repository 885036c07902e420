"""What tests of a service use: `pytest_plugins = ["<package>.runtime.testing"]` in conftest.py brings its fixtures.

Not in the service's wheel, nor in its image. `demo` and `chaos` are programs. Each name is imported when it is first
used: the processes that a test starts need no pytest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .contract import contract_is_current
    from .delivery import Delivery, InProcessService
    from .fixtures import (
        effects,
        new_worker,
        pytest_configure,
        pytest_report_header,
        pytest_unconfigure,
        service,
        services,
        worker,
        workers,
    )
    from .processes import Effects, Worker
    from .published_tasks import Published, PublishedTask, published
    from .queue_files import queue_differences

__all__ = [
    "Delivery",
    "Effects",
    "InProcessService",
    "Published",
    "PublishedTask",
    "Worker",
    "contract_is_current",
    "effects",
    "new_worker",
    "published",
    "pytest_configure",
    "pytest_report_header",
    "pytest_unconfigure",
    "queue_differences",
    "service",
    "services",
    "worker",
    "workers",
]

MODULES = {
    "contract": ["contract_is_current"],
    "delivery": ["Delivery", "InProcessService"],
    "processes": ["Effects", "Worker"],
    "published_tasks": ["Published", "PublishedTask", "published"],
    "queue_files": ["queue_differences"],
}
"""Where a name is defined; the others are in `fixtures`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = next((module for module, names in MODULES.items() if name in names), "fixtures")
    return getattr(import_module(f".{module}", __name__), name)


def __dir__() -> list[str]:
    """The names among which pytest looks for fixtures and hooks, which it takes from the module's dictionary alone."""
    globals().update({name: __getattr__(name) for name in __all__})
    return __all__
