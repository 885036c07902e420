"""The places where a project sends work: which task, with which arguments and options."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen.check.celery.collected_options import collected
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.sending_calls import is_canvas, sent_elsewhere
from asyncgen.check.celery.targets import SIGNING, is_looked_up, is_signature, outside_task, task_of
from asyncgen.check.celery.task import Task
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["ON_COMMIT", "SENDING", "Dispatch", "Dispatches"]

#: Publishes a message now.
SENDING = frozenset({"delay", "apply_async", "send_task"})
#: Publishes once the transaction has committed (Celery's Django tasks).
ON_COMMIT = frozenset({"delay_on_commit", "apply_async_on_commit"})
#: What an application is called, where none can tell what a name means.
_APPLICATION = re.compile(r"celery|^app$", re.IGNORECASE)
_FLAT = frozenset({"delay", "delay_on_commit", "s", "si"})


@dataclass(eq=False, slots=True)
class Dispatch:
    """`task` is None where the task stands outside the project, or a signature is sent.

    `positional` and `named` are what the task's function receives, as far as that can be seen.
    `options` are the message's own, by name, those of a dict that is sent with `**` too; `opaque`: there may be others.
    """

    module: Module
    call: ast.Call
    method: str
    receiver: ast.expr
    task: Task | None
    positional: list[ast.expr] | None = field(default_factory=list)
    named: dict[str, ast.expr] = field(default_factory=dict)
    options: dict[str, ast.keyword] = field(default_factory=dict)
    signature: bool = False
    opaque: bool = False

    def arguments(self) -> Iterator[tuple[str, ast.expr]]:
        """What is put into the message, with a word for where: a position or a name."""
        for index, expr in enumerate(self.positional or []):
            if not isinstance(expr, ast.Starred):
                yield f"argument {index + 1}", expr
        for name, expr in self.named.items():
            yield f"argument {name}", expr

    @property
    def title(self) -> str:
        receiver = ast.unparse(self.receiver)
        return f"{receiver}.{self.method}" if len(receiver) < 60 else self.method


class Dispatches:
    """A project's, found module by module when asked for."""

    def __init__(self, project: CeleryProject) -> None:
        self.project = project
        self._found: dict[Module, list[Dispatch]] = {}

    def of(self, module: Module) -> list[Dispatch]:
        """In the order of the code."""
        if module not in self._found:
            calls = (_dispatch(self.project, module, call) for call in module.calls)
            self._found[module] = [found for found in calls if found is not None]
        return self._found[module]


def _dispatch(project: CeleryProject, module: Module, call: ast.Call) -> Dispatch | None:
    func = call.func
    if elsewhere := sent_elsewhere(call):
        sent = _dispatch(project, module, elsewhere)
        if sent is not None:
            sent.call = call
        return sent
    if is_canvas(project, module, func):
        return Dispatch(module, call, "apply_async", func, None, signature=True)
    if not isinstance(func, ast.Attribute):
        if (
            isinstance(func, ast.Name)
            and func.id in {"signature", "subtask"}
            and project.names.name(module, call) == "celery.signature()"
        ):
            return _by_name(project, module, call, func, "signature")
        return None
    method = func.attr
    if method == "send_task":
        name = project.names.name(module, func)
        if name == "celery.Celery().send_task" or _APPLICATION.search(name or last_name(func.value)):
            return _by_name(project, module, call, func.value, method)
        return None
    if method == "retry":
        task = _retried(project, module, func.value)
        return _explicit(project, module, call, method, func.value, task) if task is not None else None
    if method not in SENDING | ON_COMMIT | SIGNING:
        return None
    task = task_of(project, module, func.value)
    if task is None and not outside_task(project, module, func.value):
        signature = method not in SIGNING and is_signature(project, module, func.value)
        if not signature and (method in SIGNING or not is_looked_up(project, module, func.value)):
            return None
        if signature or method not in _FLAT:
            sent = _explicit(project, module, call, method, func.value, None)
            sent.signature = signature
            return sent
    if method in _FLAT:
        return _flat(project, module, call, method, func.value, task)
    return _explicit(project, module, call, method, func.value, task)


def _retried(project: CeleryProject, module: Module, expr: ast.expr) -> Task | None:
    task = task_of(project, module, expr)
    if task is not None:
        return task
    symbol: Symbol | None = project.names.resolve(module, expr)
    if symbol is not None and symbol.name.endswith("celery.current_task"):
        return project.tasks.around(module, expr)
    return None


def _flat(
    project: CeleryProject, module: Module, call: ast.Call, method: str, receiver: ast.expr, task: Task | None
) -> Dispatch:
    named: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        named |= _named(project, module, keyword.value) if keyword.arg is None else {keyword.arg: keyword.value}
    return Dispatch(module, call, method, receiver, task, _spread(project, module, call.args), named)


def _spread(project: CeleryProject, module: Module, args: list[ast.expr]) -> list[ast.expr]:
    """The arguments of a call, those of a list that is written out (`task.delay(*args)`) one by one."""
    found: list[ast.expr] = []
    for argument in args:
        listed = _display(project, module, argument.value) if isinstance(argument, ast.Starred) else None
        found += listed.elts if listed is not None else [argument]
    return found


def _explicit(
    project: CeleryProject, module: Module, call: ast.Call, method: str, receiver: ast.expr, task: Task | None
) -> Dispatch:
    return _with_args(project, Dispatch(module, call, method, receiver, task), call.args)


def _by_name(project: CeleryProject, module: Module, call: ast.Call, receiver: ast.expr, method: str) -> Dispatch:
    return _with_args(project, Dispatch(module, call, method, receiver, None), call.args[1:])


def _with_args(project: CeleryProject, dispatch: Dispatch, positional: list[ast.expr]) -> Dispatch:
    for keyword in dispatch.call.keywords:
        if keyword.arg is not None:
            dispatch.options[keyword.arg] = keyword
            continue
        held = collected(project.names, dispatch.module, keyword.value)
        dispatch.opaque |= held.opaque or bool(held.others)
        for name, option in held.items.items():
            if option.module is dispatch.module:
                dispatch.options[name] = ast.copy_location(ast.keyword(arg=name, value=option.value), option.node)
            else:
                dispatch.opaque = True
    args = dispatch.options["args"].value if "args" in dispatch.options else None
    kwargs = dispatch.options["kwargs"].value if "kwargs" in dispatch.options else None
    if args is None and positional:
        args = positional[0]
    if kwargs is None and len(positional) > 1:
        kwargs = positional[1]
    if args is not None:
        sequence = _display(project, dispatch.module, args)
        dispatch.positional = list(sequence.elts) if sequence is not None else None
    if kwargs is not None:
        dispatch.named = _named(project, dispatch.module, kwargs)
    return dispatch


def _display(project: CeleryProject, module: Module, expr: ast.expr) -> ast.Tuple | ast.List | None:
    """A tuple or a list that is written out, here or where its only name is assigned."""
    if isinstance(expr, ast.Name):
        bound = project.names.bindings(module, expr.id, expr)
        made = bound[0].target if len(bound) == 1 and bound[0].kind == "value" else None
        while isinstance(made, ast.BinOp):
            made = made.left  # what is added to it, none sees here
        if isinstance(made, ast.Tuple | ast.List):
            return made
    return expr if isinstance(expr, ast.Tuple | ast.List) else None


def _named(project: CeleryProject, module: Module, expr: ast.expr) -> dict[str, ast.expr]:
    held = collected(project.names, module, expr)
    return {name: option.value for name, option in held.items.items() if option.module is module}
