"""Logs on standard output, from the service's own events and from Celery's logger alike: one JSON object a line.

In development, a terminal gets lines for people instead.
"""

import logging
import sys
from typing import Any

import structlog
from celery.signals import setup_logging

from .. import log_context
from ..settings import settings

__all__ = ["install"]


def install() -> None:
    """Replace Celery's own set-up in every process of a worker (signal `setup_logging`)."""
    setup_logging.connect(configure_logging)


def configure_logging(**_: Any) -> None:
    """Send everything through one handler."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        *log_context.processors,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings().log_level)


def _renderer() -> structlog.typing.Processor:
    if settings().development and sys.stdout.isatty():
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(default=str)
