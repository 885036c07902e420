"""Which annotations of a task's arguments stand for what JSON carries, and how strictly pydantic is to read them."""

import inspect
import types
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin, is_typeddict
from uuid import UUID

from pydantic import BeforeValidator, Strict, ValidationInfo

__all__ = ["LISTS", "MAPPINGS", "strict"]

SCALARS = (str, int, bool, UUID, Decimal, date, time)
LISTS = (list, Sequence, MutableSequence, Collection, Iterable)
MAPPINGS = (dict, Mapping, MutableMapping)


def strict(annotation: Any) -> Any:
    """The annotation for pydantic, which then converts no scalar. Raises TypeError for what JSON does not carry."""
    origin, inner = get_origin(annotation) or annotation, get_args(annotation)
    found: Any
    if annotation in (Any, object, inspect.Parameter.empty) or isinstance(annotation, TypeVar):
        found = Any
    elif annotation in (None, types.NoneType):
        found = None
    elif annotation in SCALARS:
        found = Annotated[annotation, Strict()]
    elif annotation is float:
        found = Annotated[float, Strict(), _of(int, float)]
    elif annotation is datetime:
        found = Annotated[datetime, Strict(), BeforeValidator(_iso)]
    elif origin is Literal:
        found = Annotated[annotation, _of(*(type(value) for value in inner))]
    elif origin is Annotated:
        found = Annotated[strict(inner[0]), *annotation.__metadata__]
    elif origin in (Union, types.UnionType):
        found = Union[tuple(strict(part) for part in inner)]  # noqa: UP007  # made at run time
    elif origin in LISTS:
        found = types.GenericAlias(list, (strict(inner[0]) if inner else Any,))
    elif origin is tuple:
        found = types.GenericAlias(tuple, tuple(part if part is ... else strict(part) for part in inner) or (Any, ...))
    elif origin in MAPPINGS:
        key, value = inner or (str, Any)
        if key not in (str, Any) and get_origin(key) is not Literal:
            raise TypeError(f"{inspect.formatannotation(annotation)}, whose keys are no str")
        found = types.GenericAlias(dict, (strict(key), strict(value)))
    elif is_typeddict(annotation):
        found = dict[str, Any]
    elif isinstance(annotation, NewType):
        found = strict(annotation.__supertype__)
    elif hasattr(annotation, "__value__"):  # `type Name = ...`
        found = strict(annotation.__value__)
    else:
        raise TypeError(inspect.formatannotation(annotation))
    return found


def _of(*kinds: type) -> BeforeValidator:
    """Where pydantic's own check takes an equal value of another type."""

    def check(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError(f"its type should be {' or '.join(kind.__name__ for kind in dict.fromkeys(kinds))}")
        return value

    return BeforeValidator(check)


def _iso(value: Any, info: ValidationInfo) -> Any:
    """In JSON, only ISO 8601: pydantic would take the string of a timestamp."""
    return datetime.fromisoformat(value) if info.mode == "json" and isinstance(value, str) else value
