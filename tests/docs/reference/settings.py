"""The environment variables of a service, from the classes that read them."""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.template.golden import RUNTIME

from .markdown import documented_fields, table

__all__ = ["page"]

CLASSES = {
    "every service": ("settings.py", "Settings"),
    "Redis as the broker": ("brokers/redis/settings.py", "RedisSettings"),
    "RabbitMQ as the broker": ("brokers/rabbitmq/settings.py", "RabbitmqSettings"),
    "circuit breakers": ("breaker.py", "BreakerSettings"),
    "metrics": ("observability/metrics/server.py", "MetricsSettings"),
    "traces and Sentry": ("observability/settings.py", "ObservabilitySettings"),
}
"""By whom they are read: the file and the class."""

HEAD = """# Settings

The environment names the servers and sets what may be tuned; `myservice` stands for the package. In development
the file `.env` of the working directory is read as well, after the environment; `.env.example` lists what a
service reads. A value that is not valid is one sentence and exit code 2. What a service tunes for itself stands
in its own `settings.py`. Times are in seconds, sizes in bytes.
"""


def page() -> str:
    """A table for each class."""
    return HEAD + "".join(_section(title, *place) for title, place in CLASSES.items())


def _section(title: str, file: str, class_name: str) -> str:
    fields: dict[str, Any] = getattr(_module(file), class_name).model_fields
    told = {ast.unparse(field.target): text for field, text in documented_fields(RUNTIME / file, class_name)}
    rows = [(f"`MYSERVICE_{name.upper()}`", _default(fields[name].default), told[name]) for name in fields]
    return f"\n## For {title}\n\n{table(['variable', 'default', 'what it is'], rows)}"


def _module(file: str) -> Any:
    return import_module(".".join(("runtime", *Path(file).with_suffix("").parts)))


def _default(value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{shown.replace('runtime.heartbeat', 'myservice.heartbeat')}`" if value not in ("", None) else ""
