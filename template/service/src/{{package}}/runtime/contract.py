"""The contract of a service: an AsyncAPI 3.0.0 document of its tasks, for all who publish them.

It depends on the tasks and the queue table alone: not on the environment, whose namespace begins no name in it, nor on
the order of imports. Beside AsyncAPI's own it has these fields:

x-broker, x-exchange, x-queue-arguments     where a message goes; its routing key is the channel's address
x-max-runtime                               of the queue, in seconds
x-task                                      the options of the task; `own_name` and `aliases` where it has former names
x-argument                                  the present name of an argument, where its name in messages is a former one
x-positional                                arguments that a message may also carry by position, in this order
x-type, x-constraints                       see the module `json_schema`
"""

import copy
import hashlib
import inspect
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from celery import Celery

from .errors import TaskOptionError
from .json_schema import default_of, schema_of
from .queues import QueueClass
from .service import Service, service_of
from .settings import NAME, Settings, server_name
from .task import ServiceTask, service_tasks
from .urls import RABBITMQ

__all__ = ["as_yaml", "digest", "document"]

Document = dict[str, Any]

OPTIONS = ("soft_time_limit", "time_limit", "max_retries", "idempotency", "key", "every", "keep_result", "deprecated")
"""Of a task, in the document where they are set."""

FITS = 120
"""What takes at most that many characters as JSON is one line of YAML."""


def document(app: Celery) -> Document:
    """The AsyncAPI document of the application's tasks.

    Raises TaskOptionError for an annotation that no JSON Schema describes, and for two names that are one in it.
    """
    service, tasks = service_of(app), _by_key(service_tasks(app))
    signatures = {key: _signature(task) for key, task in tasks.items()}
    made = {
        "asyncapi": "3.0.0",
        "info": {
            "title": NAME,
            "version": "1.0.0",
            "description": f"Tasks of the Celery service {NAME}, as messages of Celery's protocol 2 in JSON",
        },
        "defaultContentType": "application/json",
        "x-broker": "rabbitmq" if service.broker.schemes == RABBITMQ else "redis",
        "channels": {queue.name: _channel(service, queue, tasks) for queue in service.queues},
        "operations": {key: _operation(key, _queue(task)) for key, task in tasks.items()},
        "components": {
            "messages": {key: _message(key, task, signatures[key][0]) for key, task in tasks.items()},
            "schemas": {key: signatures[key][1] for key in tasks},
        },
    }
    plain: Document = json.loads(json.dumps(made))
    return plain


def digest(document: Mapping[str, Any]) -> str:
    """What tells two contracts apart: 12 hexadecimal digits of the SHA-256 of all that concerns a message."""
    concerned = {part: document[part] for part in ("channels", "components")}
    canonical = json.dumps(concerned, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def as_yaml(document: Mapping[str, Any]) -> str:
    """The document as it stands in contract.yaml. Raises ModuleNotFoundError without PyYAML."""
    import yaml  # of the tests' requirements alone

    class Dumper(yaml.SafeDumper):
        def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
            return super().represent_mapping(tag, mapping, flow_style=len(json.dumps(mapping)) <= FITS)

        def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
            return super().represent_sequence(tag, sequence, flow_style=len(json.dumps(sequence)) <= FITS)

    plain = not re.search("[\x85\u2028\u2029\ufeff]", json.dumps(document, ensure_ascii=False))  # what PyYAML changes
    text: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, width=120, allow_unicode=plain)
    return f"# What producers may send to {NAME}: `make contract` writes it from the tasks.\n{text}"


def _by_key(tasks: Iterable[ServiceTask]) -> dict[str, ServiceTask]:
    """The tasks by the shortest names that tell them apart: function, module and function, or all of it."""
    names = [re.sub(r"[^\w.]", "_", task.own_name, flags=re.ASCII).split(".") for task in tasks]
    short = Counter("_".join(parts[-1:]) for parts in names)
    longer = Counter("_".join(parts[-2:]) for parts in names)
    found: dict[str, ServiceTask] = {}
    for task, parts in zip(tasks, names, strict=True):
        last, two = "_".join(parts[-1:]), "_".join(parts[-2:])
        key = last if short[last] == 1 else two if longer[two] == 1 and two not in short else "_".join(parts)
        if key in found:
            raise TaskOptionError(
                f"expected the names of tasks to differ in letters, digits and _, "
                f"got: {found[key].own_name} and {task.own_name}; rename one of them"
            )
        found[key] = task
    return dict(sorted(found.items()))


def _queue(task: ServiceTask) -> QueueClass:
    queue: Any = task.work_queue  # checked at start-up
    line: QueueClass = queue.value
    return line


def _channel(service: Service, queue: QueueClass, tasks: Mapping[str, ServiceTask]) -> Document:
    broker = copy.copy(service.broker)
    broker.settings = Settings.model_construct()  # with the defaults, whatever the environment says
    (declared,) = broker.task_queues([queue])
    arguments = {name: _without_namespace(value) for name, value in (declared.queue_arguments or {}).items()}
    return {
        "address": _without_namespace(queue.wire_name),
        "messages": {
            key: {"$ref": f"#/components/messages/{key}"} for key, task in tasks.items() if _queue(task) == queue
        },
        "x-exchange": {"name": _without_namespace(declared.exchange.name), "type": declared.exchange.type},
        **({"x-queue-arguments": arguments} if arguments else {}),
        "x-max-runtime": queue.max_runtime,
    }


def _without_namespace(value: Any) -> Any:
    """A name that begins with that of the service on its servers, as it is without a namespace."""
    whole = server_name()
    if isinstance(value, str) and (value == whole or value.startswith(f"{whole}.")):
        return NAME + value.removeprefix(whole)
    return value


def _operation(key: str, queue: QueueClass) -> Document:
    channel = f"#/channels/{queue.name}"
    return {"action": "receive", "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/{key}"}]}


def _message(key: str, task: ServiceTask, by_position: Document) -> Document:
    """Celery's protocol 2: what travels by position, what travels by name, and what follows the run."""
    options = {name: getattr(task, name) for name in OPTIONS}
    options["key"] = [task.typed.wire_name(name) for name in task.key]
    if task.aliases:
        options = {"own_name": task.own_name, "aliases": list(task.aliases), **options}
    return {
        "name": task.name,
        **({"summary": summary} if (summary := _summary(task)) else {}),
        "payload": {
            "type": "array",
            "items": [by_position, {"$ref": f"#/components/schemas/{key}"}, {"type": "object"}],
            "minItems": 3,
            "maxItems": 3,
        },
        "x-task": {name: value for name, value in options.items() if value not in (None, "", [])},
    }


def _summary(task: ServiceTask) -> str:
    """The first line of the docstring of the task's function, else of `work` in its module."""
    work = getattr(sys.modules.get(task.run.__module__), "work", None)
    text = inspect.cleandoc(task.run.__doc__ or getattr(work, "__doc__", None) or "")
    return text.partition("\n")[0]


def _signature(task: ServiceTask) -> tuple[Document, Document]:
    """The schemas of the arguments that a message carries by position, and of those that it carries by name.

    All travel by name that can: none of those before `*args`, nor a positional-only one.
    """
    parameters, wire_name = list(task.arguments.parameters.values()), task.typed.wire_name
    rest = next((each for each in parameters if each.kind is each.VAR_POSITIONAL), None)
    more = next((each for each in parameters if each.kind is each.VAR_KEYWORD), None)
    named = [each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    positional = [each for each in named if each.kind is not each.KEYWORD_ONLY]
    first = [each for each in positional if rest or each.kind is each.POSITIONAL_ONLY]
    named = [each for each in named if each not in first]
    schemas = {each.name: _argument(task, each) for each in (*first, *named)}
    by_position: Document = {"type": "array", "maxItems": len(first)}
    if first:
        by_position["items"] = [{"x-name": wire_name(each.name), **schemas[each.name]} for each in first]
        by_position["minItems"] = sum(each.default is each.empty for each in first)
    if rest:
        schema = schema_of(task.own_name, rest.name, rest)
        by_position |= {"additionalItems": schema} if first else {"items": schema}
        del by_position["maxItems"]
    return by_position, {
        "type": "object",
        "properties": {wire_name(each.name): schemas[each.name] for each in named},
        "required": [wire_name(each.name) for each in named if each.default is each.empty],
        "additionalProperties": schema_of(task.own_name, more.name, more) if more else False,
        "x-positional": [wire_name(each.name) for each in positional],
    }


def _argument(task: ServiceTask, parameter: inspect.Parameter) -> Document:
    wire_name = task.typed.wire_name(parameter.name)
    return {
        **schema_of(task.own_name, parameter.name, parameter),
        **(default_of(parameter) if parameter.default is not parameter.empty else {}),
        **({"x-argument": parameter.name} if wire_name != parameter.name else {}),
    }
