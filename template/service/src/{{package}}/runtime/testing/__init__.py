"""What tests of a service use: `pytest_plugins = ["<package>.runtime.testing"]` in conftest.py brings its fixtures.

Not in the service's wheel, nor in its image. `demo` and `chaos` are programs.
"""

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
