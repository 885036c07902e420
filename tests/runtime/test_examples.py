"""`make demo` has a value for each annotation that a task's argument may have, which the task accepts."""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict, TypeVar, Union
from uuid import UUID

import pytest
from kombu.utils.json import dumps
from pydantic import Field
from typing_extensions import TypeAliasType

from runtime.annotations import LISTS, MAPPINGS, SCALARS
from runtime.arguments import Arguments
from runtime.testing.examples import call, example


class Address(TypedDict):
    street: Annotated[str, Field(max_length=40)]
    number: NotRequired[int]


Status = Literal["open", "paid"]
InvoiceId = NewType("InvoiceId", int)
Key = TypeAliasType("Key", UUID | int)

ANNOTATIONS: list[Any] = [
    *SCALARS,
    *[float, datetime, None, type(None), Any, object, inspect.Parameter.empty, TypeVar("T")],
    *[Status, list[Status], dict[Status, int], Literal[1, "a"], Literal[True]],
    *[Optional[int], Union[int, str], None | Decimal, time | None, list[int] | None],  # noqa: UP007, UP045  # also accepted
    *[Annotated[int, "a note"], Annotated[int, Field(gt=0, le=100)], Annotated[float, Field(gt=0, lt=2)]],
    *[Annotated[Decimal, Field(max_digits=5)], Annotated[str, Field(max_length=1)]],
    *[Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])], Annotated[list[int], Field(max_length=3)]],
    *[InvoiceId, list[InvoiceId], Key, Key | None, Address, list[Address]],
    *[tuple, tuple[int, str], tuple[UUID, ...], tuple[()]],
    *LISTS,
    *[kind[int] for kind in (list, Sequence, MutableSequence, Collection, Iterable)],
    *MAPPINGS,
    *[kind[str, list[date]] for kind in (dict, Mapping, MutableMapping)],
]


def signature(*parameters: tuple[str, Any, Any]) -> inspect.Signature:
    return inspect.Signature([inspect.Parameter(name, kind, annotation=of) for name, kind, of in parameters])


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=repr)
def test_the_task_accepts_it(annotation: Any) -> None:
    one = signature(("value", inspect.Parameter.KEYWORD_ONLY, annotation))
    args, kwargs = call(one)
    assert (args, list(kwargs)) == ([], ["value"])
    arguments = Arguments("tests.task", one)
    assert dumps(arguments.checked(args, kwargs))


@pytest.mark.parametrize("annotation", [int, str, UUID, float, Decimal, InvoiceId, Key, list[int], Annotated[int, ""]])
def test_it_makes_another_key_each_time(annotation: Any) -> None:
    assert example(annotation) != example(annotation)


def test_only_what_a_call_needs_is_given() -> None:
    def run(a: int, /, b: str, c: int = 1, *rest: int, d: bool, e: bool = True, **more: int) -> None: ...

    args, kwargs = call(inspect.signature(run))
    assert (len(args), sorted(kwargs)) == (1, ["b", "d"])
    Arguments("tests.task", inspect.signature(run)).checked(args, kwargs)


@pytest.mark.parametrize("annotation", [Callable[[], int], list[complex], Annotated[str, Field(pattern="^[A-Z]{3}$")]])
def test_what_has_no_example_is_named(annotation: Any) -> None:
    with pytest.raises(TypeError, match=r"Callable|complex|pattern"):
        example(annotation)
