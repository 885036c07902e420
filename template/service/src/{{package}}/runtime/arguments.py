"""The arguments of a call, checked against the task's annotations: where they are published, and where they arrive.

Strictly, since a value that only looks like the right one makes another idempotency key: an `int` is no `"1"`, no `1.0`
and no `True`. JSON has no tuples: a list stands for one, and a tuple for a list. What is not annotated is not checked.
"""

import inspect
import json
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cached_property
from typing import Any

from celery.utils.functional import maybe_list
from pydantic import TypeAdapter, ValidationError

from .annotations import strict
from .errors import PayloadError, TaskOptionError
from .names import warn_deprecated

__all__ = ["Arguments", "prepare_steps"]

BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
RESULT = object()
"""Stands for what the step before returns, which nobody knows yet."""


class Arguments:
    """The parameters of the task called `task`, as `signature` says, and the names that they had: former to present.

    An argument keeps its first former name in messages. Both names are accepted, but not at once.
    """

    def __init__(self, task: str, signature: inspect.Signature, former: Mapping[str, str] | None = None) -> None:
        self._task = task
        self._former = former or {}
        self._signature = signature
        self._parameters = signature.parameters
        kinds = {parameter.name: parameter.kind for parameter in self._parameters.values()}
        by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
        self._positional = [name for name, kind in kinds.items() if kind not in by_name]
        self._others = next((name for name, kind in kinds.items() if kind is inspect.Parameter.VAR_KEYWORD), "")

    def checked(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same call with each value in one form: `1` is `1.0` where a float is expected.

        Its names are the present ones. Raises PayloadError, which is also a TypeError, for a call that the task does
        not take.
        """
        kwargs = self.present(kwargs)
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as wrong:
            accepted = self._signature.replace(return_annotation=inspect.Signature.empty)
            raise PayloadError(
                f"expected the arguments of {self._task} to be {accepted}, got: {str(wrong).removeprefix('got ')}; "
                "correct the call"
            ) from wrong
        last = len(self._positional) - 1
        return (
            tuple(self._check(self._positional[min(place, last)], value) for place, value in enumerate(args)),
            {name: self._check(self._parameter(name), value) for name, value in kwargs.items()},
        )

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments that came as JSON, where a date, a UUID or a Decimal is a string. Raises PayloadError."""
        found = {}
        for name, value in self.present(values).items():
            parameter = self._parameter(name)
            if adapter := self._adapters.get(parameter):
                try:
                    found[name] = adapter.validate_json(json.dumps(value))
                except ValidationError as wrong:
                    raise self._error(parameter, value, wrong) from wrong
            else:
                found[name] = value
        return found

    def wire_name(self, argument: str) -> str:
        """The name that messages have for the argument that is now called so."""
        return next((former for former, present in self._former.items() if present == argument), argument)

    def on_wire(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments by the names that messages have for them; one that is there twice stays so."""
        names = {name: self.wire_name(self._former.get(name, name)) for name in kwargs}
        twice = len(set(names.values())) < len(names)
        return {name if twice else names[name]: value for name, value in kwargs.items()}

    def present(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments by the names that they have now. Raises PayloadError where one has two of its names."""
        found: dict[str, Any] = {}
        for name, value in kwargs.items():
            present = self._former.get(name, name)
            if present in found:
                raise PayloadError(
                    f"expected argument {present} of {self._task} once, got: two of its names; pass {present} alone"
                )
            found[present] = value
        return found

    def by_name(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that are given, however they are passed, by the names that they have now."""
        bound = self._signature.bind(*args, **self.present(kwargs)).arguments
        others = bound.pop(self._others, {})
        return {**bound, **others}

    def check_former(self) -> None:
        """Raise TaskOptionError unless the former names are such, and lead to arguments that are passed by name."""
        if not isinstance(self._former, dict):
            raise TaskOptionError(
                f"expected former_arguments of {self._task} to be a dict of former and present names, "
                f"got: {self._former!r}; write a dict"
            )
        for former, present in self._former.items():
            if not isinstance(former, str) or not former.isidentifier() or former in self._parameters:
                raise TaskOptionError(
                    f"expected former_arguments of {self._task} to begin with names that its arguments no longer have, "
                    f"got: {former!r}; correct it"
                )
            if present not in self._parameters or self._parameters[present].kind not in BY_NAME:
                raise TaskOptionError(
                    f"expected former_arguments of {self._task} to lead to arguments that are passed by name, "
                    f"got: {present!r} for {former}; name the present argument"
                )

    def check_annotations(self) -> None:
        """Raise TaskOptionError for an annotation of what JSON does not carry."""
        for name, parameter in self._parameters.items():
            try:
                strict(parameter.annotation)
            except TypeError as foreign:
                raise TaskOptionError(
                    f"expected the annotation of {name} in {self._task} to be a type that JSON carries, such as int, "
                    f"str, UUID or list[int], got: {foreign}; annotate what travels: a key, a primitive, a list"
                ) from foreign

    @cached_property
    def _adapters(self) -> dict[str, TypeAdapter[Any]]:
        annotations = {name: strict(parameter.annotation) for name, parameter in self._parameters.items()}
        return {name: TypeAdapter(annotation) for name, annotation in annotations.items() if annotation is not Any}

    def _parameter(self, keyword: str) -> str:
        return keyword if keyword in self._parameters else self._others

    def _check(self, name: str, value: Any) -> Any:
        adapter = self._adapters.get(name)
        if adapter is None or value is RESULT:
            return value
        try:
            return adapter.validate_python(value)
        except ValidationError as wrong:
            raise self._error(name, value, wrong) from wrong

    def _error(self, name: str, value: Any, wrong: ValidationError) -> PayloadError:
        expected = inspect.formatannotation(self._parameters[name].annotation)
        reason = wrong.errors(include_url=False)[0]["msg"]
        return PayloadError(
            f"expected argument {name} of {self._task} to be {expected}, got: {value!r:.100} of type "
            f"{type(value).__name__} ({reason[:1].lower()}{reason[1:]}); pass what the annotation says"
        )


def prepare_steps(tasks: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Check the signatures that a message carries for later, in options of `apply_async`, by what is known of them.

    What has another name in messages gets it.
    """
    for name in ("chain", "link", "chord"):
        for step in maybe_list(options.get(name)) or ():
            _prepare_step(tasks, step)


def _prepare_step(tasks: Mapping[str, Any], step: MutableMapping[str, Any]) -> None:
    if step.get("subtask_type"):
        for name in ("tasks", "header", "body"):
            for part in maybe_list(step["kwargs"].get(name)) or ():
                _prepare_step(tasks, part)
        return
    task: Any = tasks.get(step["task"])
    if arguments := getattr(task, "typed", None):
        arguments.checked([*([] if step.get("immutable") else [RESULT]), *step["args"]], step["kwargs"])
        if task.deprecated:
            warn_deprecated(task.own_name, task.deprecated)
        step["task"], step["kwargs"] = task.name, arguments.on_wire(step["kwargs"])
