"""The contract of a service, with what a client needs of it beyond what `contract diff` compares."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..contract import Queue, contract_of, load_document, misfit
from ..contract import Task as Described
from ..errors import BadInput
from ..reading import read_file
from .parameters import Signature, signature_of

__all__ = ["Contract", "Task", "parse_contract", "read_contract"]

BROKERS = ("rabbitmq", "redis")
EXCHANGES = ("direct", "topic")


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
        text = read_file(file)
    except FileNotFoundError as error:
        raise BadInput(
            f"expected the contract of a service at {file}, got: no such file; "
            "run make contract in the service, or name one with --contract"
        ) from error
    except IsADirectoryError as error:
        raise BadInput(f"expected {file} to be the contract of a service, got: a folder; name the file") from error
    except ValueError as error:
        raise BadInput(f"expected {file} to be the contract of a service, got: {error}; name the file") from error
    return parse_contract(text, str(file))


def parse_contract(text: bytes, source: str) -> Contract:
    """The contract in a text. source: where it comes from, for the sentence."""
    document = load_document(text, source)
    found = contract_of(document, source)
    about = document.get("info")
    info: Mapping[str, Any] = about if isinstance(about, dict) else {}
    title, version = (_text(info.get(name), f"info/{name}", source) for name in ("title", "version"))
    if found.broker not in BROKERS:
        raise misfit("x-broker", source, f"one of {', '.join(BROKERS)}", found.broker)
    concerned = {part: document[part] for part in ("channels", "components")}
    canonical = json.dumps(concerned, sort_keys=True, separators=(",", ":"))
    tasks = [_task(each, document["components"]["messages"][each.title], source) for each in found.tasks]
    names = [task.name for task in tasks]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise misfit("components/messages", source, "tasks with names of their own", f"{twice} twice")
    return Contract(
        _package(found.queues, source),
        title,
        _version(version, source),
        found.broker,
        hashlib.sha256(canonical.encode()).hexdigest()[:12],
        tuple(_with_free_aliases(task, tasks) for task in tasks),
        document,
    )


def _package(queues: tuple[Queue, ...], source: str) -> str:
    """The package of the service, which begins all names on its servers."""
    packages = set()
    for queue in queues:
        place = f"channels/{queue.name}"
        exchange = queue.exchange if isinstance(queue.exchange, dict) else {}
        name = _text(exchange.get("name"), f"{place}/x-exchange/name", source)
        if exchange.get("type") not in EXCHANGES:
            raise misfit(f"{place}/x-exchange/type", source, f"one of {', '.join(EXCHANGES)}", exchange.get("type"))
        if not queue.address.startswith(f"{name}."):
            raise misfit(f"{place}/address", source, f"a name that begins with {name}, as its exchange", queue.address)
        if not isinstance(queue.arguments, dict | None):
            raise misfit(f"{place}/x-queue-arguments", source, "a mapping", queue.arguments)
        packages.add(name)
    if len(packages) != 1 or not re.fullmatch("[a-z][a-z0-9_]{0,19}", min(packages)):
        raise misfit("channels", source, "of one exchange, named for the package of the service", sorted(packages))
    return packages.pop()


def _task(described: Described, message: Mapping[str, Any], source: str) -> Task:
    summary, aliases = message.get("summary", ""), described.options.get("aliases", [])
    return Task(
        described.title,
        _text(described.name, f"components/messages/{described.title}/name", source),
        summary if isinstance(summary, str) else "",
        described.queue.name,
        described.options,
        signature_of(described.title, described.payload[0], described.payload[1]),
        tuple(dict.fromkeys(alias.rpartition(".")[2] for alias in aliases)),
    )


def _with_free_aliases(task: Task, tasks: list[Task]) -> Task:
    """A former name that another task has, or had too, says no longer which of them is meant."""
    others = [name for other in tasks if other is not task for name in (other.key, *other.aliases)]
    free = tuple(name for name in task.aliases if name not in (task.key, *others) and name.isidentifier())
    return replace(task, aliases=free)


def _version(text: str, source: str) -> str:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text).public
    except InvalidVersion as error:
        raise misfit("info/version", source, "a version such as 1.0.0", text) from error


def _text(value: Any, place: str, source: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise misfit(place, source, "a text in one line", value)
    return value
