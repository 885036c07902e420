"""The argument types that kombu's JSON preserves."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import BadInput
from ..names import argument_name, nearest, words

__all__ = [
    "Argument",
    "default_arguments",
    "example",
    "imports",
    "parse_argument",
    "parse_arguments",
    "read_argument",
    "split_list",
]


@dataclass(frozen=True)
class _Type:
    example: str
    module: str = ""
    """Where the type is imported from, "" for a builtin."""


_TYPES = {
    "int": _Type("1"),
    "str": _Type('"one"'),
    "bool": _Type("True"),
    "float": _Type("1.5"),
    "UUID": _Type("UUID(int=1)", "uuid"),
    "date": _Type("date(2026, 1, 31)", "datetime"),
    "datetime": _Type("datetime(2026, 1, 31, 12, tzinfo=UTC)", "datetime"),
    "Decimal": _Type('Decimal("1.50")', "decimal"),
}

_STORED = "the key under which it is stored, as str"
_INSTEAD = {
    "bytes": _STORED,
    "bytearray": _STORED,
    "DataFrame": _STORED,
    "ndarray": _STORED,
    "dict": f"its entries as arguments of their own, or {_STORED}",
    "set": "a sorted list",
    "frozenset": "a sorted list",
    "tuple": "a list, or arguments of their own",
    "object": "its primary key, as int, str or UUID",
    "Any": "one of these types, so that a wrong message is seen",
    "None": "nothing: leave it out",
    "Optional": "a value always, or make a task of its own for the case without one",
    "Union": "one type, or make a task of its own for each",
    "time": "a datetime",
    "timedelta": "its seconds, as int",
    "complex": "two floats",
    "Path": "the key under which the file is stored, as str: workers share no disk",
    "File": "the key under which the file is stored, as str",
    "UploadedFile": "the key under which the file is stored, as str",
    "IO": "the key under which the file is stored, as str",
    "Callable": "the name of what is to be done, as str",
    "Request": "what the task needs of it, each as an argument",
    "HttpRequest": "what the task needs of it, each as an argument",
    "Session": "nothing: the task opens its own",
    "Connection": "nothing: the task opens its own",
}
_ENUM = re.compile(r"enum\[([A-Za-z][\w.-]*(?:\s*[,|]\s*[A-Za-z][\w.-]*)*)\]", re.ASCII)
_ENUM_LETTERS = 60


@dataclass(frozen=True)
class Argument:
    """A typed argument of a task: `type` is spelt as in the signature, such as `list[UUID]` or `Literal["a", "b"]`."""

    name: str
    type: str

    @property
    def item(self) -> str:
        """The type without the list around it."""
        return self.type[len("list[") : -1] if self.type.startswith("list[") else self.type


def parse_argument(text: str) -> Argument:
    """`NAME:TYPE` as an argument; BadInput, with what to send instead, for a type that JSON lacks."""
    name, _, kind = (part.strip() for part in text.partition(":"))
    argument_name(name)
    if not kind:
        raise BadInput(f"expected an argument to be NAME:TYPE, got: {text}; such as {name}:int")
    argument = Argument(name, _with_values(name, kind))
    if argument.item in _TYPES and re.fullmatch(r"(\w+)|list\[\w+\]", argument.type):
        return argument
    if argument.item.startswith("Literal["):
        return argument
    known = f"{', '.join(_TYPES)}, enum[a,b], or list[...] of one"
    raise BadInput(f"expected the type of {name} to be {known}, got: {kind}; {_instead(name, kind)}")


def parse_arguments(texts: Iterable[str]) -> tuple[Argument, ...]:
    """The arguments of a task, as `parse_argument` knows each; BadInput where a name stands twice."""
    arguments = tuple(parse_argument(text) for text in texts)
    names = [argument.name for argument in arguments]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"expected each argument once, got: {name} twice")
    return arguments


def read_argument(recorded: str) -> Argument:
    """An argument as a task file records it; ValueError for anything else."""
    name, colon, kind = recorded.partition(":")
    if not colon:
        raise ValueError(recorded)
    return Argument(name, kind)


def split_list(text: str) -> list[str]:
    """The parts between the commas of a list, but for those inside brackets; nothing for `none`."""
    parts = re.findall(r"(?:[^,\[]|\[(?:[^\[\]]|\[[^\[\]]*\])*\]|\[)+", text)
    return [part.strip() for part in parts if part.strip() not in ("", "none")]


def _with_values(name: str, kind: str) -> str:
    """The type, `enum[a,b]` spelt as in Python: its values are sent as they are, and type checkers check them."""
    inside = kind[len("list[") : -1] if kind.startswith("list[") else kind
    found = _ENUM.fullmatch(inside)
    if found is None:
        return kind
    values = [value.strip() for value in re.split(r"[,|]", found[1])]
    if len(set(values)) < len(values):
        raise BadInput(f"expected each value of {name} once, got: {kind}")
    spelt = f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    if len(spelt) > _ENUM_LETTERS:
        raise BadInput(
            f"expected the values of {name} to take at most {_ENUM_LETTERS} letters as a Literal, got: {len(spelt)}; "
            f"pass {name}:str, and check it in the task"
        )
    return f"list[{spelt}]" if kind.startswith("list[") else spelt


def _instead(name: str, kind: str) -> str:
    outer, _, inner = kind.partition("[")
    bare = outer.rpartition(".")[2]
    if "|" in kind and bare.lower() != "enum":
        return f"pass {_INSTEAD['Optional' if 'None' in kind else 'Union']}"
    if bare.lower() in ("enum", "strenum", "intenum", "literal"):
        return f"say its values, such as {name}:enum[open,paid]"
    if bare == "list" and (item := inner.removesuffix("]").partition("[")[0].rpartition(".")[2]) in _INSTEAD:
        return f"for each pass {_INSTEAD[item]}"
    if bare == "list":
        return f"say what it lists, such as {name}:list[int]"
    if bare in _INSTEAD:
        return f"pass {_INSTEAD[bare]}"
    alike = {known.lower(): known for known in _TYPES}
    if near := nearest(kind.lower(), alike):
        return f"did you mean {alike[near]}?"
    return f"pass its primary key, such as {name.removesuffix('_id')}_id:int"


def default_arguments(task: str) -> tuple[Argument, ...]:
    """`send_invoice` gets `invoice_id: int`; a name of one word gets nothing."""
    parts = words(task)
    if parts[-1] == "id":
        parts = parts[:-1]
    if len(parts) < 2:
        return ()
    try:
        return (Argument(argument_name(f"{parts[-1][:27]}_id"), "int"),)
    except BadInput:
        return ()


def imports(names: set[str]) -> list[str]:
    """The sorted import lines of these types; UTC is among them where an example needs it."""
    modules: dict[str, set[str]] = {}
    for name in names:
        if name.startswith("Literal["):
            modules.setdefault("typing", set()).add("Literal")
        elif module := "datetime" if name == "UTC" else _TYPES[name].module:
            modules.setdefault(module, set()).add(name)
    # As the linter sorts: constants, then classes, then the rest.
    return [
        f"from {module} import {', '.join(sorted(names, key=lambda name: (name != 'UTC', name.lower())))}"
        for module, names in sorted(modules.items())
    ]


def example(argument: Argument) -> str:
    """A value of the argument's type, as Python code."""
    item = argument.item
    value = json.dumps(json.loads(item[len("Literal") :])[0]) if item.startswith("Literal[") else _TYPES[item].example
    return f"[{value}]" if argument.type.startswith("list[") else value
