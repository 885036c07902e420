"""What tests do with a store of idempotency keys: one module for each kind, by the scheme of its URL.

Each has the store's `MODES`, `prepare(url)`, `empty(url)`, `clean_up(url)`, `publish_outbox_at_once(patch, app)` and
the class `Effects`. SQL also has `session(url)`.
"""

from importlib import import_module
from typing import Any

__all__ = ["store_module"]


def store_module(url: str) -> Any:
    """The module for the store at `url`."""
    return import_module(".redis" if url.startswith(("redis", "unix")) else ".sql", __name__)
