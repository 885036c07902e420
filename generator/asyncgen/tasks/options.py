"""The options of a task from flags, `--data` or a file, as `TaskOptions`."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from ..errors import BadInput
from ..names import nearest
from ..safe_yaml import Loader, load_yaml
from .answers import TaskOptions
from .payload import split_list

__all__ = ["QUESTIONS", "options_from", "parse_tasks"]

QUESTIONS = (
    "idempotency",
    "arg",
    "key",
    "retry_on",
    "max_retries",
    "expected",
    "bound",
    "rate_limit",
    "breaker",
    "queue",
    "every",
    "keep_result",
)
"""The fields of `TaskOptions` in the order of the questions; each is an option of add-task, with dashes."""
_LISTS = ("arg", "key", "retry_on")
_NUMBERS = ("max_retries", "expected")
_MOST_TASKS, _MOST_TEXT = 1000, 1_000_000


def options_from(values: Mapping[str, object]) -> TaskOptions:
    """The values under the names of the questions, None for nothing; BadInput for a value of another kind."""
    options: dict[str, Any] = {}
    for name, value in values.items():
        if name not in QUESTIONS:
            near = nearest(name, QUESTIONS)
            fix = f"did you mean {near}?" if near else f"use one of {', '.join(QUESTIONS)}"
            raise BadInput(f"expected a question of add-task, got: {name}; {fix}")
        if value is not None:
            options[name] = _list(name, value) if name in _LISTS else _one(name, value)
    return TaskOptions(**options)


def _list(name: str, value: object) -> list[str]:
    if isinstance(value, str):
        return split_list(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value if item.strip() not in ("", "none")]
    fix = "write - invoice_id:int, without a blank after the colon" if name == "arg" else "write a list of texts"
    raise BadInput(f"expected {name} to be a list of texts, got: {value}; {fix}")


def _one(name: str, value: object) -> object:
    if name not in _NUMBERS:
        if isinstance(value, str):
            return value
        raise BadInput(f"expected {name} to be a text, got: {value}; put it in quotes")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        return int(value[:20])
    raise BadInput(f"expected {name} to be a whole number, got: {value}")


class _UniqueKeys(Loader):
    """YAML, and JSON with it, in which no key hides another of the same mapping: plain YAML keeps the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        # Before `<<` is resolved, which a key may override.
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            # An option has two spellings: max-retries and max_retries.
            name = key.value.replace("-", "_")
            if name in seen:
                raise BadInput(
                    "expected each task and each of its options to stand once, "
                    f"got: {key.value} again on line {key.start_mark.line + 1}; remove one of the two"
                )
            seen.add(name)
        return node


def parse_tasks(text: str, place: str) -> list[tuple[str, TaskOptions]]:
    """Tasks in YAML or JSON: a mapping from names to options, or a list of mappings with a `name`.

    place: where the text comes from, for the sentence. BadInput for anything else, and for a key that stands twice.
    """
    try:
        loaded = load_yaml(text, most=_MOST_TEXT, kind=_UniqueKeys)
    except ValueError as error:
        raise BadInput(f"expected {place} to be YAML or JSON, got: {error}") from error
    if isinstance(loaded, dict):
        pairs: Sequence[tuple[object, object]] = list(loaded.items())
    elif isinstance(loaded, list) and all(isinstance(entry, dict) for entry in loaded):
        pairs = [(entry.get("name"), {key: entry[key] for key in entry if key != "name"}) for entry in loaded]
    else:
        pairs = []
    if not pairs or len(pairs) > _MOST_TASKS:
        got = f"{len(pairs)} tasks" if pairs else "none"
        raise BadInput(
            f"expected {place} to name 1 to {_MOST_TASKS} tasks, got: {got}; "
            "such as send_invoice: {arg: [invoice_id:int]}"
        )
    return [(_name(name, place), _options(name, options)) for name, options in pairs]


def _name(name: object, place: str) -> str:
    if isinstance(name, str):
        return name
    raise BadInput(f"expected each task in {place} to have a name, got: {name}; add it as text")


def _options(name: object, options: object) -> TaskOptions:
    if options is None:
        return TaskOptions()
    if not isinstance(options, dict):
        raise BadInput(f"expected the options of {name} to be a mapping, got: {options}; such as arg: [invoice_id:int]")
    try:
        return options_from({str(key).replace("-", "_"): value for key, value in options.items()})
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from error
