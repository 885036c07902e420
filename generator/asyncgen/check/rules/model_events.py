"""The part of ACG109 that looks at what an ORM calls when a row changes: receivers of Django's signals, `save()` of a
model, listeners of SQLAlchemy.

They run in the transaction of whoever changes the row. Django opens one itself around a deletion, a change of a
many-to-many relation, `get_or_create`, and each change in its admin. Sources: `Collector.delete`,
`create_forward_many_to_many_manager` and `QuerySet.get_or_create` of `django.db.models`, `changeform_view` of
`django.contrib.admin.options`.
"""

import ast
import re
from functools import cached_property

from asyncgen.check.analysis.class_kinds import is_model
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.receivers import Connection
from asyncgen.check.analysis.row_classes import row_class
from asyncgen.check.analysis.user_model import USER, means_user_model, user_model
from asyncgen.check.model.symbols import Symbol, symbol_of
from asyncgen.check.rules.opened_transactions import OpenedTransactions
from asyncgen.check.rules.run_before import certain_calls, statements_after, statements_before
from asyncgen.check.rules.session_writes import SESSION
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["ModelEvents"]

_REQUEST = "the request's transaction (ATOMIC_REQUESTS)"
_DELETED = "Django's transaction around a deletion"
_OF_ITSELF = {
    "pre_delete": _DELETED,
    "post_delete": _DELETED,
    "m2m_changed": "Django's transaction around the change of a relation",
}
#: Events of SQLAlchemy that come before the commit.
_FLUSHES = re.compile(r"(before|after)_(insert|update|delete|flush|flush_postexec)$|before_commit$")
#: Models that Django registers in its admin itself.
_IN_ADMIN = {USER, "django.contrib.auth.models.Group", "django.contrib.sites.models.Site"}
_ASKS_FOR_KIND = re.compile(r"\b(sender|isinstance|issubclass|hasattr|_meta|__class__|__name__)\b")
_NAMED = ast.Name | ast.Attribute | ast.Call
_OVERRIDES = {"save", "delete"}
_SAVING = {"save", "create", "get_or_create", "update_or_create"}


class ModelEvents:
    def __init__(self, project: Project, opened: OpenedTransactions) -> None:
        self.project = project
        self.opened = opened
        self._saved: dict[str, str] = {}

    def transaction(self, module: Module, function: Function, call: ast.Call) -> str:
        """In words the transaction in which a function makes a call for an event, or the empty string. What it does for
        some `update_fields` alone, it does for code that names them, which Django's admin does not.
        """
        if any(_listens_to_flushes(decorator) for decorator in function.decorator_list):
            return f"{SESSION}, at its flush"
        for connection in self.project.receivers.of(module, function):
            event = connection.of_django
            if event in _OF_ITSELF:
                return _OF_ITSELF[event]
            if event != "post_save" or _asks_fields(module, call):
                continue
            sender = self._model(connection)
            if where := self._saved_in(sender) if sender is not None else self._any_saved(connection, function):
                return where
        owner = module.class_of(function)
        if owner is None or function.name not in _OVERRIDES:
            return ""
        model = symbol_of(module, owner)
        return self._saved_in(model) if is_model(self.project.names, model) else ""

    def is_before_save(self, module: Module, function: Function, call: ast.Call) -> bool:
        """Whether the row is saved only after a call: in a receiver of `pre_save`, before `super().save()`."""
        if any(connection.of_django == "pre_save" for connection in self.project.receivers.of(module, function)):
            return True
        if function.name != "save" or module.class_of(function) is None or not _mentions(call, "self"):
            return False
        if any(_saves_self(c) for s in statements_before(module, function, call) for c in ast.walk(s)):
            return False
        return any(_saves_self(c) for s in statements_after(module, function, call) for c in certain_calls(s))

    def _model(self, connection: Connection) -> Symbol | None:
        """The class of whose rows a receiver is told, by itself or by its label: `"shop.Order"`."""
        match connection.sender:
            case None:
                return None
            case ast.Constant(value=str(label)):
                return Symbol(label)
        sender = self.project.names.resolve(connection.module, connection.sender)
        if sender is None or isinstance(sender.node, ast.ClassDef):
            return sender
        return self._user if means_user_model(sender) else sender

    @cached_property
    def _user(self) -> Symbol:
        """The users' model: all files are looked through for the setting that names it."""
        return user_model(self.project)

    def _saved_in(self, model: Symbol) -> str:
        """A transaction in which a row of a model is saved."""
        if self.project.usage.atomic_requests:
            return _REQUEST
        if model.name not in self._saved:
            self._saved[model.name] = self._registered(model) or self._saved_somewhere(model)
        return self._saved[model.name]

    def _any_saved(self, connection: Connection, function: Function) -> str:
        """A transaction in which rows of all kinds are saved, for a receiver that asks for no kind."""
        if connection.sender is not None:
            return ""
        if self.project.usage.atomic_requests:
            return _REQUEST
        asks = any(isinstance(n, ast.If) and _ASKS_FOR_KIND.search(ast.unparse(n.test)) for n in ast.walk(function))
        return "" if asks or not self._has_admin else "the transaction of Django's admin"

    @cached_property
    def _has_admin(self) -> bool:
        return any(
            last_name(call.func) == "register" and _is_of_admin(call.func)
            for module in [*self.project.modules, *self.project.modules_aside({b"admin"})]
            if "admin" in module.text and module.kind == "code"
            for call in module.calls
        )

    def _about(self, model: Symbol) -> list[Module]:
        words = {model.name.rpartition(".")[2]} | (set() if model.node is not None else {"get_user_model"})
        own = [module for module in self.project.modules if any(word in module.text for word in words)]
        return [*own, *(m for m in self.project.modules_aside({word.encode() for word in words}) if m not in own)]

    def _registered(self, model: Symbol) -> str:
        if model.name in _IN_ADMIN:
            return "the transaction of Django's admin"
        for module in self._about(model):
            if "admin" not in module.text or module.kind != "code":
                continue
            for call in module.calls:
                if last_name(call.func) != "register" or not _is_of_admin(call.func):
                    continue
                given = [node for argument in call.args[:1] for node in ast.walk(argument)] + call.args
                if any(self._is(module, node, model) for node in given if isinstance(node, _NAMED)):
                    return f"the transaction of Django's admin ({module.shown}:{call.lineno})"
        return ""

    def _saved_somewhere(self, model: Symbol) -> str:
        for module in self._about(model):
            for call in module.calls:
                func = call.func
                if not isinstance(func, ast.Attribute) or func.attr not in _SAVING or module.kind != "code":
                    continue
                row = row_class(self.project, module, func.value)
                if row is None or not _is_same(row, model):
                    continue
                if func.attr in {"get_or_create", "update_or_create"}:
                    return f"the transaction of {func.attr} ({module.shown}:{call.lineno})"
                where = self.opened.around(module, call)
                if where:
                    return f"{where} ({module.shown}:{call.lineno})"
        return ""

    def _is(self, module: Module, expr: ast.expr, model: Symbol) -> bool:
        symbol = self.project.names.resolve(module, expr)
        if symbol is None:
            return False
        if means_user_model(symbol):
            return self._user.name == model.name
        return last_name(expr) == model.name.rpartition(".")[2] and _is_same(symbol, model)


def _asks_fields(module: Module, call: ast.Call) -> bool:
    """`if "state" in update_fields:`."""
    return any(
        isinstance(node, ast.If) and "update_fields" in ast.unparse(node.test) for node in module.ancestors(call)
    )


def _listens_to_flushes(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=func, args=[_, ast.Constant(value=str(event))]) if last_name(func) == "listens_for":
            return _FLUSHES.match(event) is not None
    return False


def _is_same(one: Symbol, model: Symbol) -> bool:
    if model.node is not None:
        return one.node is model.node
    if not isinstance(one.node, ast.ClassDef):
        return one.name == model.name
    return "." not in model.name.partition(".")[2] and one.name.rpartition(".")[2] == model.name.rpartition(".")[2]


def _is_of_admin(func: ast.expr) -> bool:
    """`admin.site.register`, `admin.register`, `own_site.register`."""
    return isinstance(func, ast.Attribute) and last_name(func.value).endswith(("admin", "site"))


def _mentions(call: ast.Call, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for part in call.args for node in ast.walk(part))


def _saves_self(node: ast.AST) -> bool:
    """`super().save(...)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "save"
        and isinstance(node.func.value, ast.Call)
        and last_name(node.func.value.func) == "super"
    )
