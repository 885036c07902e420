"""What a client checks and sends is what the service itself checks and sends; its settings are the service's."""

import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from datetime import date, datetime, time
from decimal import Decimal
from inspect import Signature
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils.json import dumps, loads

from asyncgen.client.annotations import annotation_of
from runtime import PayloadError
from runtime.arguments import Arguments
from runtime.client.contract import Argument, Contract
from runtime.client.settings import ClientSettings
from runtime.contract import digest, document
from runtime.json_schema import schema_of
from runtime.settings import Settings
from runtime.task import service_tasks

from .service.app import app
from .test_contract import ANNOTATIONS, SAMPLES, fitting, parameter


@given(st.data())
def test_the_client_sends_what_the_service_sends_or_both_refuse(data: st.DataObject) -> None:
    annotation = data.draw(ANNOTATIONS, "annotation")
    argument = Argument("tests.task", "value", schema_of("tests.task", "value", parameter(annotation)))
    arguments = Arguments("tests.task", Signature([parameter(annotation)]))
    for value, arrived in as_they_arrive(data.draw(st.lists(fitting(annotation), max_size=5), "values")):
        by_the_service = outcome(lambda it: arguments.checked((), {"value": it})[1]["value"], arrived)
        assert outcome(argument.on_the_wire, value) == by_the_service, value


@given(st.data())
def test_the_types_of_a_client_admit_whatever_the_worker_accepts(data: st.DataObject) -> None:
    annotation = data.draw(ANNOTATIONS, "annotation")
    shown = annotation_of(schema_of("tests.task", "value", parameter(annotation)), "value")
    for_callers = eval(shown, vars(typing) | {kind.__name__: kind for kind in (UUID, Decimal, date, datetime, time)})
    arguments, callers = (Arguments("tests.task", Signature([parameter(each)])) for each in (annotation, for_callers))
    for value, arrived in as_they_arrive(data.draw(st.lists(fitting(annotation), max_size=5), "values")):
        if outcome(lambda it: arguments.checked((), {"value": it})[1]["value"], arrived):
            assert outcome(lambda it: callers.checked((), {"value": it})[1]["value"], arrived), (shown, value)


def as_they_arrive(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each value and the one that a message brings; kombu decodes no other."""
    for value in [*SAMPLES, *values]:
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            yield value, loads(dumps(value))


def outcome(checked: Callable[[Any], Any], value: Any) -> str:
    """What arrives, as JSON, or nothing where the value is refused."""
    try:
        return dumps(loads(dumps(checked(value))))
    except PayloadError:
        return ""


def test_every_setting_is_the_services_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"broker_url", "delivery_limit"}
    names = {field.name for field in fields(ClientSettings)} - own
    assert {field.name: field.default for field in fields(ClientSettings) if field.name in names} == {
        name: Settings.model_fields[name].default for name in names
    }
    for name, text in {
        "PAYLOAD_LIMIT": "9",
        "PUBLISH_TIMEOUT": "0.5",
        "ATTEMPT_TIMEOUT": ".25",
        "MAX_DELAY": "7",
    }.items():
        monkeypatch.setenv(f"RUNTIME_{name}", text)
    read = ClientSettings.read(["redis"], "redis://h:1", "a")
    assert (read.payload_limit, read.publish_timeout, read.attempt_timeout, read.max_delay) == (9, 0.5, 0.25, 7)
    assert read.named("runtime.default") == "a.runtime.default"


def test_values_that_json_has_no_type_for() -> None:
    key = UUID(int=7)
    argument = Argument("t", "value", {"x-type": "uuid", "type": "object"})
    assert argument.on_the_wire(key) == {"__type__": "uuid", "__value__": {"hex": key.hex}}
    with pytest.raises(PayloadError, match="to be uuid, got: '7' of type str"):
        argument.on_the_wire("7")
    with pytest.raises(PayloadError, match=r"to be integer or decimal, got: '1\.0'"):
        Argument("t", "v", {"anyOf": [{"type": "integer"}, {"x-type": "decimal", "type": "object"}]}).on_the_wire("1.0")


def test_every_task_of_a_service_can_be_called() -> None:
    contract = Contract(document(app))
    assert contract.digest == digest(document(app))
    assert set(contract.by_name) == {task.name for task in service_tasks(app)}
    for task in service_tasks(app):
        assert contract.by_name[task.name].own_name == task.own_name
        assert contract.by_name[task.name].keeps_result == bool(task.keep_result)
