"""Arguments for a call of any task: a value for each annotation that `runtime.annotations.strict` accepts."""

import inspect
import types
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import TypeAdapter, ValidationError

from ..annotations import LISTS, MAPPINGS, strict

__all__ = ["call", "example"]

MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)
FIXED = {bool: True, types.NoneType: None, None: None, datetime: MOMENT, date: MOMENT.date(), time: MOMENT.time()}
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def call(signature: inspect.Signature) -> tuple[list[Any], dict[str, Any]]:
    """Arguments for the parameters that have no default. Raises TypeError for an annotation without an example."""
    args, kwargs = [], {}
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and parameter.kind not in VARIADIC:
            value = example(parameter.annotation)
            if parameter.kind is parameter.POSITIONAL_ONLY:
                args.append(value)
            else:
                kwargs[name] = value
    return args, kwargs


def example(annotation: Any) -> Any:
    """A value of the annotation, new each time where it can be: a store that is kept knows the last keys."""
    origin, inner = get_origin(annotation) or annotation, get_args(annotation)
    found: Any
    if origin is Annotated:
        found = _annotated(annotation)
    elif origin is Literal:
        found = inner[0]
    elif origin in (Union, types.UnionType):
        found = example(next(part for part in inner if part is not types.NoneType))
    elif origin in LISTS:
        found = [example(inner[0] if inner else Any)]
    elif origin is tuple:
        found = tuple(example(part) for part in inner if part is not ...)
    elif origin in MAPPINGS:
        key, value = inner or (str, Any)
        found = {example(key): example(value)}
    elif is_typeddict(annotation):
        found = {name: example(kind) for name, kind in get_type_hints(annotation, include_extras=False).items()}
    elif isinstance(annotation, NewType):
        found = example(annotation.__supertype__)
    elif hasattr(annotation, "__value__"):  # `type Name = ...`
        found = example(annotation.__value__)
    elif annotation in FIXED:
        found = FIXED[annotation]
    elif annotation in (int, float, Decimal):
        found = annotation(uuid.uuid4().int % 2**31)
    elif annotation is uuid.UUID:
        found = uuid.uuid4()
    elif annotation is str or strict(annotation) is Any:
        found = uuid.uuid4().hex
    else:
        raise TypeError(inspect.formatannotation(annotation))
    return found


def _annotated(annotation: Any) -> Any:
    """The first that its constraints admit: `examples` of pydantic's Field, a new value, the simplest ones."""
    named = [value for part in annotation.__metadata__ for value in getattr(part, "examples", None) or ()]
    adapter: TypeAdapter[Any] = TypeAdapter(strict(annotation))
    for value in (*named, example(get_args(annotation)[0]), 1, 1.0, Decimal(1), "a"):
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        return value
    raise TypeError(f"{inspect.formatannotation(annotation)}, whose Field names no examples=[...] that it admits")
