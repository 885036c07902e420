"""A contract by hand, and the client that is made from one with the working tree's template."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asyncgen.client import files_of, parse_contract
from asyncgen.clones import Template

__all__ = ["DATE", "contract", "files", "task"]

DATE: dict[str, Any] = {
    "type": "object",
    "x-type": "date",
    "properties": {
        "__type__": {"const": "date"},
        "__value__": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    },
    "required": ["__type__", "__value__"],
    "additionalProperties": False,
}


def task(name: str, properties: Mapping[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """One task. others: x_task, summary, required, positional, by_position, more."""
    properties = dict(properties or {})
    required = [each for each, schema in properties.items() if schema is not True and "default" not in schema]
    by_position = others.get("by_position", {"type": "array", "maxItems": 0})
    return {
        "message": {
            "name": name,
            **({"summary": others["summary"]} if "summary" in others else {}),
            "payload": {"type": "array", "items": [by_position, {}, {"type": "object"}]},
            "x-task": others.get("x_task", {}),
        },
        "schema": {
            "type": "object",
            "properties": properties,
            "required": others.get("required", required),
            "additionalProperties": others.get("more", False),
            "x-positional": others.get("positional", list(properties)),
        },
    }


TASKS = {
    "send_receipt": task(
        "shop.tasks.send_invoice.send_invoice",
        {
            "customer": {"type": "integer", "x-argument": "customer_id"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "amount": {"type": "number", "default": 0.5},
            "date": {"anyOf": [DATE, {"type": "null"}], "default": None},
            "kind": {"enum": ["a", "b'\"", 1, True, None], "default": "a"},
            "points": {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": [{"type": "number"}, {"type": "number"}],
                    "minItems": 2,
                    "maxItems": 2,
                },
                "default": [],
            },
        },
        positional=["customer", "note"],
        summary='Send the receipt of a customer "by" mail \\o/.',
        x_task={
            "own_name": "shop.tasks.send_receipt.send_receipt",
            "aliases": ["shop.tasks.send_invoice.send_invoice", "shop.tasks.old.send_receipt"],
            "time_limit": 30,
            "max_retries": 5,
            "idempotency": "lease",
            "key": ["customer"],
            "every": "0 3 * * *",
        },
    ),
    "ping": task("shop.tasks.ping.ping", x_task={"deprecated": 'use "send_receipt"'}),
    "odd": task(
        "shop.tasks.odd.odd",
        by_position={
            "type": "array",
            "items": [{"x-name": "first", "type": "integer"}],
            "minItems": 1,
            "additionalItems": {"type": "string"},
        },
        positional=["first"],
        more={"type": "integer"},
    ),
}


def contract(
    tasks: Mapping[str, Mapping[str, Any]] = TASKS, *, broker: str = "rabbitmq", package: str = "shop"
) -> dict[str, Any]:
    """The document of a service with one queue."""
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": 5,
        "x-dead-letter-exchange": f"{package}.dead",
        "x-dead-letter-routing-key": f"{package}.default.dead",
    }
    rabbitmq = broker == "rabbitmq"
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {"title": package, "version": "1.0.0"},
        "x-broker": broker,
        "channels": {
            "default": {
                "address": f"{package}.default",
                "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in tasks},
                "x-exchange": {"name": package, "type": "topic" if rabbitmq else "direct"},
                **({"x-queue-arguments": arguments} if rabbitmq else {}),
            }
        },
        "components": {
            "messages": {key: each["message"] for key, each in tasks.items()},
            "schemas": {key: each["schema"] for key, each in tasks.items()},
        },
    }
    document = copy.deepcopy(document)
    for key, message in document["components"]["messages"].items():
        message["payload"]["items"][1] = {"$ref": f"#/components/schemas/{key}"}
    return document


def files(document: Mapping[str, Any], template: Template) -> dict[str, str]:
    """The files of the client that is made from a document."""
    return files_of(parse_contract(json.dumps(document).encode(), "contract.yaml"), template)


def write(folder: Path, made: Mapping[str, str]) -> Path:
    """Write the files of a client."""
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
