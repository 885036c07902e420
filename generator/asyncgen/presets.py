"""The presets of `asyncgen new`: each takes the template's defaults but for these answers."""

from collections.abc import Mapping

__all__ = ["PRESETS"]

PRESETS: Mapping[str, Mapping[str, object]] = {
    "minimal": {"ci": "none", "deploy": []},
    "exactly-once": {"idempotency_store": "postgresql"},
    "rabbitmq-priority": {"broker": "rabbitmq", "queue_layout": "priority"},
}
