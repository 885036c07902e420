"""Contracts for tests: AsyncAPI documents as the command `contract` of a service writes them."""

from collections.abc import Mapping
from typing import Any

import yaml

from asyncgen.contract.document import Contract, read_contract

__all__ = ["contract", "document", "queue", "task", "text"]

Json = dict[str, Any]


def task(
    name: str = "shop.tasks.send.send",
    properties: Mapping[str, Json] | None = None,
    *,
    queue: str = "default",
    positional: list[str] | None = None,
    first: Json | None = None,
    others: Any = False,
    **options: Any,
) -> Json:
    """A task whose arguments have these schemas; those without a default are required. `options` are of x-task."""
    properties = dict(properties or {})
    return {
        "queue": queue,
        "schema": {
            "type": "object",
            "properties": properties,
            "required": [each for each, schema in properties.items() if "default" not in schema],
            "additionalProperties": others,
            "x-positional": [*properties] if positional is None else positional,
        },
        "message": {
            "name": name,
            "payload": {
                "type": "array",
                "items": [
                    first or {"type": "array", "maxItems": 0},
                    {"$ref": f"#/components/schemas/{name}"},
                    {"type": "object"},
                ],
            },
            "x-task": {"soft_time_limit": 20, "time_limit": 30, "idempotency": "lease", **options},
        },
    }


def queue(address: str = "shop.default", **changes: Any) -> Json:
    """A queue of RabbitMQ."""
    return {
        "address": address,
        "x-exchange": {"name": "shop", "type": "topic"},
        "x-queue-arguments": {"x-queue-type": "quorum", "x-delivery-limit": 20},
        "x-max-runtime": 300,
        **changes,
    }


def document(*tasks: Json, queues: Mapping[str, Json] | None = None, **changes: Any) -> Json:
    """The document of these tasks; a task is called by the last part of its own name."""
    keys = {}
    for each in tasks:
        own = each["message"]["x-task"].get("own_name", each["message"]["name"])
        keys[own.rpartition(".")[2]] = each
    channels = {
        name: {
            **channel,
            "messages": {
                key: {"$ref": f"#/components/messages/{key}"} for key, each in keys.items() if each["queue"] == name
            },
        }
        for name, channel in (queues or {"default": queue()}).items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "shop", "version": "1.0.0"},
        "x-broker": "rabbitmq",
        "channels": channels,
        "components": {
            "messages": {key: each["message"] for key, each in keys.items()},
            "schemas": {each["message"]["name"]: each["schema"] for each in tasks},
        },
        **changes,
    }


def text(contract: Json) -> str:
    """A document as it stands in contract.yaml."""
    return yaml.safe_dump(contract, sort_keys=False)


def contract(*tasks: Json, **changes: Any) -> Contract:
    """The contract of these tasks."""
    return read_contract(text(document(*tasks, **changes)).encode(), "contract.yaml")
