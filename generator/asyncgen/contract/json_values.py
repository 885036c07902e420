"""Values and schemas as JSON has them."""

import json
from typing import Any

__all__ = ["ANNOTATIONS", "Schema", "constraints", "same", "shown"]

Schema = Any
"""A JSON Schema: a mapping, or True for what accepts everything and False for what accepts nothing."""
ANNOTATIONS = {"default", "deprecated", "description", "examples", "title", "x-argument", "x-name", "x-type"}
"""Keywords that refuse no value."""


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where 1, 1.0 and true are three."""
    return shown(one) == shown(other)


def shown(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, sort_keys=True, default=str)


def constraints(schema: Schema) -> dict[str, Any]:
    """The keywords of a schema other than False that may refuse a value."""
    return {} if schema is True else {name: value for name, value in schema.items() if name not in ANNOTATIONS}
