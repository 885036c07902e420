"""Which signals a function receives, and where these are sent: what it does, it does in the code that sends them."""

import ast
import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["Connection", "Receivers"]

_OF_MODELS = re.compile(r"django\.db\.models\.(?:signals\.)?(\w+)$")
_CONNECTS = re.compile(rb"\.connect\(\s*(?:[\w.]+\.)?(\w+)")
_SENDS = {"send", "send_robust", "asend", "asend_robust"}


class Connection(NamedTuple):
    """`sender` is the class that a function is connected for, in the words of `module`."""

    signal: Symbol
    name: str
    module: Module
    sender: ast.expr | None

    @property
    def of_django(self) -> str:
        """The name of a signal of Django's models, or the empty string."""
        match = _OF_MODELS.match(self.signal.name)
        return match[1] if match else ""


class Receivers:
    def __init__(self, project: CeleryProject) -> None:
        self.project = project
        self._found: dict[Function, list[Connection]] = {}

    def of(self, module: Module, function: Function) -> list[Connection]:
        if function not in self._found:
            takes = {a.arg for a in [*function.args.posonlyargs, *function.args.args]}
            candidate = "sender" in takes or function.args.kwarg is not None or bool(function.decorator_list)
            self._found[function] = list(self._of(module, function)) if candidate else []
        return self._found[function]

    def _of(self, module: Module, function: Function) -> Iterator[Connection]:
        for decorator in function.decorator_list:
            match decorator:
                case ast.Call(func=func, args=[signals, *_], keywords=keywords) if last_name(func) == "receiver":
                    listed = signals.elts if isinstance(signals, ast.List | ast.Tuple) else [signals]
                    yield from self._connections(module, listed, keywords)
                case (
                    ast.Attribute(value=signal, attr="connect")
                    | ast.Call(func=ast.Attribute(value=signal, attr="connect_via"))
                ):
                    yield from self._connections(module, [signal], [])
        if function.name in self._connected_names and module.parents.get(function) is module.tree:
            yield from self._connected(module, function)

    def _connections(
        self, module: Module, signals: list[ast.expr], keywords: list[ast.keyword]
    ) -> Iterator[Connection]:
        sender = next((keyword.value for keyword in keywords if keyword.arg == "sender"), None)
        for signal in signals:
            symbol = self.project.names.resolve(module, signal)
            if symbol is not None:
                yield Connection(symbol, last_name(signal), module, sender)

    @cached_property
    def _connected_names(self) -> set[str]:
        """What is connected somewhere."""
        texts = self.project.texts(b".connect(")
        return {name.decode(errors="replace") for text in texts for name in _CONNECTS.findall(text)}

    def _connected(self, module: Module, function: Function) -> Iterator[Connection]:
        """By `signal.connect(function)`."""
        for home in self._modules(function.name):
            for call in home.calls if ".connect(" in home.text else ():
                match call:
                    case ast.Call(func=ast.Attribute(value=signal, attr="connect"), args=[given, *_]):
                        if last_name(given) == function.name:
                            symbol = self.project.names.resolve(home, given)
                            if symbol is not None and symbol.node is function:
                                yield from self._connections(home, [signal], call.keywords)

    def senders(self, module: Module, function: Function) -> Iterator[tuple[Module, ast.Call]]:
        """Where a signal of the project is sent that a function receives."""
        for connection in self.of(module, function):
            name, signal = connection.name, connection.signal
            for home in self._modules(f"{name}.send") if signal.node is not None else ():
                for call in home.calls:
                    match call.func:
                        case ast.Attribute(value=sent, attr=attr) if attr in _SENDS and last_name(sent) == name:
                            symbol = self.project.names.resolve(home, sent)
                            if symbol is not None and symbol.node is signal.node:
                                yield home, call

    def _modules(self, word: str) -> list[Module]:
        """Those with a word in them that have to do with Celery, or speak of transactions."""
        own = self.project.modules
        aside = (module for module in self.project.modules_aside({word.encode()}) if module not in own)
        return [*(module for module in own if word in module.text), *aside]
