"""The contract of a service, as its command `contract` prints it: an AsyncAPI 3.0.0 document, read and checked."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import BadInput
from ..safe_yaml import Loader, load_yaml
from .parameters import Signature, signature_of

__all__ = ["Contract", "Task", "parse_contract", "read_contract"]

MOST = 2_000_000
"""Characters."""

BROKERS = ("rabbitmq", "redis")
EXCHANGES = ("direct", "topic")


class _UniqueKeys(Loader):
    """YAML, and JSON with it, in which no key hides another of the same mapping: plain YAML keeps the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise ValueError(f"{key.value} again on line {key.start_mark.line + 1}")
            seen.add(key.value)
        return node


@dataclass(frozen=True)
class Task:
    """A task. key: the name of its function. name: Celery's, in messages. aliases: former names of its function."""

    key: str
    name: str
    summary: str
    queue: str
    options: Mapping[str, Any]
    signature: Signature
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """A contract that was checked. package: the service's. document: all of it, as JSON."""

    package: str
    title: str
    version: str
    broker: str
    digest: str
    tasks: tuple[Task, ...]
    document: Mapping[str, Any]


def read_contract(file: Path) -> Contract:
    """The contract in a file of YAML or JSON; BadInput for anything else."""
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError as error:
        raise BadInput(
            f"expected the contract of a service at {file}, got: no such file; "
            "write it there with the service's command contract, or name one with --contract"
        ) from error
    except IsADirectoryError as error:
        raise BadInput(f"expected {file} to be the contract of a service, got: a folder; name the file") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"expected {file} to be YAML or JSON in UTF-8, got: {error}; print the contract anew") from error
    return parse_contract(text, str(file))


def parse_contract(text: str, place: str) -> Contract:
    """The contract in a text. place: where it comes from, for the sentence."""
    try:
        loaded = load_yaml(text, most=MOST, kind=_UniqueKeys)
        document = json.loads(json.dumps(loaded, allow_nan=False)) if isinstance(loaded, dict) else None
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"expected {place} to be YAML or JSON whose values JSON has, got: {str(error)[:300]}; "
            "print the contract anew"
        ) from error
    if document is None or document.get("asyncapi") != "3.0.0":
        got = f"asyncapi: {document['asyncapi']}" if document and "asyncapi" in document else "another document"
        raise BadInput(
            f"expected {place} to be an AsyncAPI 3.0.0 document, got: {got[:100]}; "
            "print the contract with the service's command contract"
        )
    try:
        return _contract(document)
    except _UnfitError as unfit:
        raise BadInput(f"expected {unfit}; print the contract anew with the service's command contract") from unfit


class _UnfitError(Exception):
    """What a part of the document has to be, and what it is."""


def _contract(document: Mapping[str, Any]) -> Contract:
    info = _mapping(document, "info")
    components = _mapping(document, "components")
    messages, schemas = _mapping(components, "messages", "components"), _mapping(components, "schemas", "components")
    channels = _mapping(document, "channels")
    if document.get("x-broker") not in BROKERS:
        raise _UnfitError(f"x-broker to be one of {', '.join(BROKERS)}, got: {document.get('x-broker')!r:.50}")
    package, queues = _channels(channels, messages)
    tasks = tuple(
        _task(key, _mapping(messages, key, "components.messages"), _schema(schemas, key), queues) for key in messages
    )
    names = [task.name for task in tasks]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _UnfitError(f"each task to have a name of its own, got: {twice} twice")
    concerned = {part: document[part] for part in ("channels", "components")}
    canonical = json.dumps(concerned, sort_keys=True, separators=(",", ":"))
    return Contract(
        package,
        _text(info, "title", "info"),
        _version(_text(info, "version", "info")),
        document["x-broker"],
        hashlib.sha256(canonical.encode()).hexdigest()[:12],
        tuple(_with_free_aliases(task, tasks) for task in tasks),
        document,
    )


def _channels(channels: Mapping[str, Any], messages: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The package of the service, which begins all names on its servers; and by message, its queue."""
    packages, queues = set(), {}
    for queue in channels:
        channel, place = _mapping(channels, queue, "channels"), f"channels.{queue}"
        exchange = _mapping(channel, "x-exchange", place)
        name, address = _text(exchange, "name", f"{place}.x-exchange"), _text(channel, "address", place)
        if exchange.get("type") not in EXCHANGES:
            raise _UnfitError(
                f"{place}.x-exchange.type to be one of {', '.join(EXCHANGES)}, got: {exchange.get('type')!r:.50}"
            )
        if not address.startswith(f"{name}."):
            raise _UnfitError(f"{place}.address to begin with {name}, as its exchange does, got: {address}")
        if "x-queue-arguments" in channel:
            _mapping(channel, "x-queue-arguments", place)
        packages.add(name)
        for key in _mapping(channel, "messages", place):
            if key not in messages or key in queues:
                raise _UnfitError(
                    f"{place}.messages to name tasks of components.messages in one channel each, got: {key}"
                )
            queues[key] = queue
    if len(packages) != 1 or not re.fullmatch("[a-z][a-z0-9_]{0,19}", package := packages.pop()):
        raise _UnfitError(
            f"the channels to have one exchange, named for the package of the service, got: {packages or package}"
        )
    return package, queues


def _task(key: str, message: Mapping[str, Any], schema: Mapping[str, Any], queues: Mapping[str, str]) -> Task:
    place = f"components.messages.{key}"
    options = _mapping(message, "x-task", place) if "x-task" in message else {}
    aliases = options.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise _UnfitError(f"{place}.x-task.aliases to be a list of names, got: {aliases!r:.100}")
    if key not in queues:
        raise _UnfitError(f"each of components.messages to be in a channel, got: {key} in none")
    payload = _mapping(message, "payload", place)
    items = payload.get("items")
    if not isinstance(items, list) or len(items) != 3 or not isinstance(items[0], dict):
        raise _UnfitError(
            f"{place}.payload to describe arguments by position, by name and options, got: {items!r:.100}"
        )
    return Task(
        key,
        _text(message, "name", place),
        str(message.get("summary", "")),
        queues[key],
        options,
        signature_of(key, items[0], schema),
        tuple(dict.fromkeys(alias.rpartition(".")[2] for alias in aliases)),
    )


def _schema(schemas: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    schema, place = _mapping(schemas, key, "components.schemas"), f"components.schemas.{key}"
    _mapping(schema, "properties", place)
    return schema


def _with_free_aliases(task: Task, tasks: tuple[Task, ...]) -> Task:
    """A former name that another task has, or had too, says no longer which of them is meant."""
    others = [name for other in tasks if other is not task for name in (other.key, *other.aliases)]
    free = tuple(name for name in task.aliases if name not in (task.key, *others) and name.isidentifier())
    return Task(**{**vars(task), "aliases": free})


def _version(text: str) -> str:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text).public
    except InvalidVersion as error:
        raise _UnfitError(f"info.version to be a version such as 1.0.0, got: {text}") from error


def _mapping(part: Mapping[str, Any], name: str, place: str = "") -> Mapping[str, Any]:
    found = part.get(name)
    if not isinstance(found, dict):
        raise _UnfitError(f"{place}{'.' if place else ''}{name} to be an object, got: {found!r:.100}")
    return found


def _text(part: Mapping[str, Any], name: str, place: str) -> str:
    found = part.get(name)
    if not isinstance(found, str) or not found.strip() or not found.isprintable():
        raise _UnfitError(f"{place}.{name} to be a text in one line, got: {found!r:.100}")
    return found
