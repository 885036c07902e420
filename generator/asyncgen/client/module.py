"""What `template/client` is rendered with: the names, the imports and the functions of the client's module."""

import keyword
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import BadInput
from .annotations import literal
from .document import Contract, Task
from .parameters import OMITTED

__all__ = ["variables"]

TYPES = {
    "datetime": ("date", "datetime", "time"),
    "decimal": ("Decimal",),
    "pathlib": ("Path",),
    "typing": ("Any", "Literal", "NotRequired", "TypedDict"),
    "uuid": ("UUID",),
}
"""What the module may import, by the module that has it."""

TAKEN = {
    *("bool", "dict", "float", "int", "list", "str", "tuple"),
    *(name for names in TYPES.values() for name in names),
    *("BaseClient", "Client", "ConfigurationError", "PayloadError", "PublishError", "Sent", "TRANSPORT"),
    *("Unconfirmed", OMITTED, "default", "publish_many", "runtime", "testing"),
}
"""Names that the client's module uses or defines."""

LINE = 120
"""Characters."""


def variables(contract: Contract) -> dict[str, Any]:
    """The variables of the templates; BadInput for a name that Python does not take, or that the client has already."""
    _check_names(contract.tasks)
    distribution = contract.package.replace("_", "-").strip("-")
    return {
        "package": contract.package,
        "module": f"{contract.package}_client",
        "distribution": f"{distribution}-client",
        "prefix": f"{contract.package.upper()}_",
        "title": contract.title,
        "version": f"{contract.version}+{contract.digest}",
        "broker": contract.broker,
        "digest": contract.digest,
        "imports": _imports(contract.tasks),
        "omitted": any(each.default == OMITTED for task in contract.tasks for each in task.signature.parameters),
        "tasks": [_task(task) for task in contract.tasks],
        "call": _call,
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "key": task.key,
        "arguments_name": _arguments_name(task),
        "arguments": [
            (each.name, f"NotRequired[{each.annotation}]" if each.default else each.annotation)
            for each in task.signature.parameters
        ],
        "lines": task.signature.lines,
        "docstring": _docstring(task),
        "deprecated": literal(str(task.options["deprecated"])) if "deprecated" in task.options else "",
        "aliases": task.aliases,
    }


def _arguments_name(task: Task) -> str:
    """SendInvoiceArguments for send_invoice."""
    return f"{''.join(part[:1].upper() + part[1:] for part in task.key.split('_'))}Arguments"


def _check_names(tasks: Iterable[Task]) -> None:
    defined = dict.fromkeys(TAKEN, "which the client defines or uses itself")
    for task in tasks:
        names = [task.key, _arguments_name(task), *task.aliases]
        for name in names:
            fault = ""
            if not name.isidentifier() or keyword.iskeyword(name):
                fault = "which Python does not take as a name"
            elif name in defined or name.startswith("_"):
                fault = defined.get(name, "which is no public name")
            if fault:
                raise BadInput(
                    f"expected the task {task.key} to have a name of its own in the client, got: {name!r:.60}, "
                    f"{fault}; rename it in the service with asyncgen rename-task"
                )
        defined |= dict.fromkeys(names, f"which is of the task {task.key}")


def _imports(tasks: Sequence[Task]) -> list[str]:
    parameters = [each for task in tasks for each in task.signature.parameters]
    code = " ".join(each for task in tasks for each in task.signature.annotations)
    used = {*re.findall(r"\w+", re.sub(r"""(["']).*?(?<!\\)\1""", "", code)), "Path"}
    used |= {"TypedDict"} if tasks else set()
    used |= {"NotRequired"} if any(each.default for each in parameters) else set()
    names = {module: [name for name in names if name in used] for module, names in TYPES.items()}
    return [f"from {module} import {', '.join(found)}" for module, found in names.items() if found]


def _call(function: str, *arguments: str) -> str:
    """A call as ruff formats it: in one line, or with a line for each argument."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= LINE:
        return line
    if len(function) >= LINE:
        return f"{line}  # fmt: skip"
    return "\n".join([f"{function}(", *(f"    {each}," for each in arguments), ")"])


def _docstring(task: Task) -> list[str]:
    options = task.options
    limits = f" for at most {options['time_limit']} s" if "time_limit" in options else ""
    retries = f", with up to {options['max_retries']} retries" if options.get("max_retries") else ""
    paragraphs = [
        task.summary or f"Publish {task.key}.",
        f"It runs in the queue {task.queue}{limits}{retries}.",
        _repeats(task),
        f"It also runs on a schedule: {options['every']}." if "every" in options else "",
        f"Deprecated: {options['deprecated']}" if "deprecated" in options else "",
    ]
    lines: list[str] = []
    for paragraph in filter(None, paragraphs):
        lines += ["", *textwrap.wrap(_in_docstring(paragraph), LINE - 10)]
    return lines[1:]


def _repeats(task: Task) -> str:
    by_wire_name = {each.wire_name: each.name for each in task.signature.parameters}
    keys = task.options.get("key")
    names = " and ".join(by_wire_name.get(str(wire), str(wire)) for wire in keys) if isinstance(keys, list) else ""
    mode = task.options.get("idempotency")
    if mode is None or mode == "natural":
        return ""
    return f"Idempotency: {mode}; a call is the same work as another with the same {names or 'task_id'}."


def _in_docstring(text: str) -> str:
    """The text as one line that a docstring can hold."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.replace("\\", "\\\\").replace('"', "'").split()) or "-"
