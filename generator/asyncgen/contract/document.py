"""A contract: the tasks and the queues of a service, read from its AsyncAPI document."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import BadInput
from ..safe_yaml import Loader, load_yaml
from .keywords import items_of
from .shapes import misshapen

__all__ = ["Contract", "Queue", "Task", "contract_of", "load_document", "misfit", "read_contract"]

MOST = 10_000_000
"""Characters; a task takes about a thousand."""


WORDS: dict[type, str] = {dict: "a mapping", list: "a list of names", str: "text"}


@dataclass(frozen=True)
class Queue:
    """A queue: its name in the queue table and on the broker.

    exchange, arguments: of RabbitMQ. max_runtime: seconds.
    """

    name: str
    address: str
    exchange: Any
    arguments: Any
    max_runtime: Any


@dataclass(frozen=True)
class Task:
    """A task: what its messages may say.

    title: the function's name. name: on the wire. payload: the schemas of what travels by position, what travels by
    name and what follows the run. options: what x-task says.
    """

    title: str
    name: str
    queue: Queue
    payload: tuple[Any, Any, Any]
    options: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which workers accept its messages."""
        own = self.options.get("own_name")
        return tuple(dict.fromkeys([self.name, *([own] if own else []), *self.options.get("aliases", [])]))

    @property
    def by_position(self) -> dict[str, Any]:
        """The schemas of the arguments that a message carries by position alone."""
        items = items_of(self.payload[0])[0]
        return {item.get("x-name", f"argument {place}"): item for place, item in enumerate(items, 1)}

    @property
    def arguments(self) -> dict[str, Any]:
        """The schema of each argument, by its name on the wire."""
        return {**self.by_position, **self.payload[1].get("properties", {})}

    @property
    def required(self) -> frozenset[str]:
        """The arguments without a default."""
        first = [*self.by_position][: self.payload[0].get("minItems", 0)]
        return frozenset([*first, *self.payload[1].get("required", [])])

    @property
    def positional(self) -> tuple[str, ...]:
        """The arguments that a message may carry by position."""
        return tuple(self.payload[1].get("x-positional", []))

    @property
    def rest(self) -> tuple[Any, Any]:
        """The schemas of further arguments by position, and of those that have another name."""
        closed = self.payload[0].get("maxItems") is not None
        return not closed and items_of(self.payload[0])[1], self.payload[1].get("additionalProperties", True)

    @property
    def key(self) -> tuple[str, ...]:
        """The arguments that make its idempotency key; () for the task's id."""
        return tuple(self.options.get("key", []))


@dataclass(frozen=True)
class Contract:
    """The tasks and queues of a service, and its broker."""

    broker: str
    queues: tuple[Queue, ...]
    tasks: tuple[Task, ...]


def read_contract(text: bytes, source: str) -> Contract:
    """The contract in a file's text; `source` names the file. BadInput for anything else."""
    return contract_of(load_document(text, source), source)


def load_document(text: bytes, source: str) -> dict[str, Any]:
    """The AsyncAPI document in a file's text, as JSON: with names as keys, and no date that has no quotes."""
    try:
        document = json.loads(json.dumps(load_yaml(text, most=MOST, kind=_UniqueKeys), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"expected {source} to be a contract in YAML, got: {error}; write it with the service's command contract"
        ) from error
    version = document.get("asyncapi") if isinstance(document, dict) else None
    if not isinstance(version, str) or not version.startswith("3."):
        raise misfit("asyncapi", source, "3.0.0", version)
    found: dict[str, Any] = document
    return found


def contract_of(document: Mapping[str, Any], source: str) -> Contract:
    """The contract that a document describes; BadInput for a part that is missing or of another form."""
    return _Reader(source).contract(document)


class _UniqueKeys(Loader):
    """YAML in which no key hides another of the same mapping: plain YAML keeps the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := next((key for key, number in keys.items() if number > 1), None):
            raise ValueError(f"{twice} twice in the mapping on line {node.start_mark.line + 1}")
        return node


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source

    def contract(self, document: Mapping[str, Any]) -> Contract:
        channels = self.mappings(document, "channels")
        queues = {name: self.queue(name, channel) for name, channel in channels.items()}
        components = self.member(document, "components", dict, "")
        schemas = self.mappings(components, "schemas", "components/")
        queue_of = {
            key: queues[name]
            for name, channel in channels.items()
            for key in self.mappings(channel, "messages", f"channels/{name}/")
        }
        messages = self.mappings(components, "messages", "components/")
        tasks = tuple(self.task(key, message, queue_of, schemas) for key, message in messages.items())
        return Contract(self.member(document, "x-broker", str, ""), tuple(queues.values()), tasks)

    def queue(self, name: str, channel: Mapping[str, Any]) -> Queue:
        address = self.member(channel, "address", str, f"channels/{name}/")
        others = (channel.get(f"x-{what}") for what in ("exchange", "queue-arguments", "max-runtime"))
        return Queue(name, address, *others)

    def task(
        self, key: str, message: Mapping[str, Any], queue_of: Mapping[str, Queue], schemas: Mapping[str, Any]
    ) -> Task:
        place = f"components/messages/{key}/"
        if key not in queue_of:
            raise self.wrong(f"{place[:-1]}", "a message of a channel", "of none")
        items = self.member(message, "payload", dict, place).get("items")
        if not isinstance(items, list) or len(items) != 3:
            raise self.wrong(f"{place}payload/items", "arguments, keyword arguments and what follows", items)
        items = [self.resolved(item, schemas) for item in items]
        for number, item in enumerate(items):
            for found in misshapen(item, f"{place}payload/items/{number}"):
                raise self.wrong(found, "JSON Schema", "something else")
            if not isinstance(item, dict):
                raise self.wrong(f"{place}payload/items/{number}", "a mapping", item)
        options = self.member(message, "x-task", dict, place)
        for name in ("aliases", "key"):
            if not all(isinstance(each, str) for each in self.member(options, name, list, f"{place}x-task/", [])):
                raise self.wrong(f"{place}x-task/{name}", "a list of names", options[name])
        self.member(options, "own_name", str, f"{place}x-task/", "")
        return Task(key, self.member(message, "name", str, place), queue_of[key], tuple(items), options)

    def resolved(self, schema: Any, schemas: Mapping[str, Any]) -> Any:
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if reference is None:
            return schema
        name = str(reference).removeprefix("#/components/schemas/")
        if name not in schemas:
            raise self.wrong("$ref", "one of components/schemas", reference)
        return schemas[name]

    def mappings(self, value: Mapping[str, Any], name: str, place: str = "") -> dict[str, dict[str, Any]]:
        """A mapping of mappings."""
        found: dict[str, Any] = self.member(value, name, dict, place)
        return {key: self.member(found, key, dict, f"{place}{name}/") for key in found}

    def member(self, value: Mapping[str, Any], name: str, kind: type, place: str, default: Any = None) -> Any:
        found = value.get(name, default)
        if not isinstance(found, kind):
            raise self.wrong(f"{place}{name}", WORDS[kind], found)
        return found

    def wrong(self, place: str, expected: str, got: object) -> BadInput:
        return misfit(place, self.source, expected, got)


def misfit(place: str, source: str, expected: str, got: object) -> BadInput:
    """The error for a part of a document that is not as it has to be."""
    shown = "nothing" if got is None else f"{got!r:.100}"
    return BadInput(
        f"expected {place} in {source} to be {expected}, got: {shown}; write it with the service's command contract"
    )
