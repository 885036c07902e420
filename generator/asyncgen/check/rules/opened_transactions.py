"""The part of ACG109 that looks for a transaction which code opens around a call: a block or a decorator, the
project's own among them.
"""

import ast

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.rules.session_writes import SESSION, SessionWrites, commits_after_its_yield
from asyncgen.check.rules.transaction_writes import beside, may_write
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["OpenedTransactions"]

_ATOMIC = {"django.db.transaction.atomic", "django.db.transaction.Atomic", "django.db.transaction.commit_on_success"}
_OF_DJANGO = "transaction.atomic"
_OF_TORTOISE = {"tortoise.transactions.in_transaction", "tortoise.transactions.atomic"}
#: Methods of sessions, engines and connections that begin a transaction: of SQLAlchemy, Peewee, databases, psycopg.
_BEGINS = {"begin", "begin_nested", "atomic", "transaction"}
_DATABASES = {"engine", "db", "database", "conn", "connection"}
#: What a project makes itself of a session: it commits at its end.
_SCOPE = "a session's transaction, which its context manager commits"
_DEPTH = 4


class OpenedTransactions:
    def __init__(self, project: Project, sessions: SessionWrites) -> None:
        self.project = project
        self.sessions = sessions

    def around(self, module: Module, call: ast.Call, of_self: bool = True) -> str:
        """In words the transaction that is open where a call is made, or the empty string. One under `if self.atomic`
        is for those classes alone that say so: for the method of another class (not `of_self`) it is none.
        """
        child: ast.AST = call
        for ancestor in module.ancestors(call):
            match ancestor:
                case ast.Lambda():
                    return ""
                case ast.With() | ast.AsyncWith() if child in ancestor.body and (
                    of_self or not _asks_self(module.parents[ancestor])
                ):
                    for item in ancestor.items:
                        name = self._opens(module, item.context_expr, 0)
                        if (
                            name
                            and not _committed_before(ancestor, call)
                            and self._has_work(module, name, ancestor, call)
                        ):
                            return name
                case ast.FunctionDef() | ast.AsyncFunctionDef() if child in ancestor.body:
                    for decorator in ancestor.decorator_list:
                        name = self._opens(module, decorator, 0)
                        if name and self._has_work(module, name, ancestor, call):
                            return name
                    name = self._around_class(module, ancestor)
                    return name if name and self._has_work(module, name, ancestor, call) else ""
            child = ancestor
        return ""

    def around_task(self, task: Task) -> str:
        """The transaction that a task's class opens around each run: `with atomic(): super().__call__(...)`."""
        method = self.project.names.class_attribute(task.base, "__call__") if task.base is not None else None
        if method is None or method.module is None or method.node is None:
            return ""
        for call in ast.walk(method.node):
            match call:
                case ast.Call(func=ast.Attribute(attr="__call__" | "run")):
                    if where := self.around(method.module, call):
                        return where
        return ""

    def _around_class(self, module: Module, method: Function) -> str:
        """The transaction that a view's class puts around a method: `method_decorator(atomic, name="post")`, an atomic
        `dispatch` of its own or of a mixin.
        """
        owner = module.class_of(method)
        if owner is None or method.name == "dispatch":
            return ""
        for home, view in self.project.names.hierarchy(Symbol(owner.name, module, owner)):
            for decorator in view.decorator_list:
                match decorator:
                    case ast.Call(keywords=[ast.keyword(arg="name", value=ast.Constant(value=name))]):
                        if name in {"dispatch", method.name} and (opened := self._opens(home, decorator, 0)):
                            return opened
            for inner in view.body:
                if isinstance(inner, Function) and inner.name == "dispatch":
                    for decorator in inner.decorator_list:
                        if opened := self._opens(home, decorator, 0):
                            return opened
        return ""

    def _has_work(self, module: Module, kind: str, around: ast.With | ast.AsyncWith | Function, call: ast.Call) -> bool:
        """Whether a transaction may write. A session writes what was assigned to its objects, too."""
        if kind == _SCOPE:
            return self.sessions.are_in(module, around.body)
        opened = [item.context_expr for item in around.items] if isinstance(around, ast.With | ast.AsyncWith) else []
        return kind != _OF_DJANGO or may_write(self.project, module, [*opened, *beside(module, around, call)])

    def _opens(self, module: Module, expr: ast.expr, depth: int) -> str:
        """What kind of transaction an expression opens, as a context manager or a decorator."""
        target = expr.func if isinstance(expr, ast.Call) else expr
        if isinstance(expr, ast.Call) and isinstance(target, ast.Attribute) and target.attr in _BEGINS:
            owner = self.project.names.name(module, target.value)
            if _is_session(owner, target.value):
                return SESSION
        if isinstance(expr, ast.Call) and last_name(target) == "method_decorator" and expr.args:
            return self._opens(module, expr.args[0], depth + 1)
        symbol = self.project.names.resolve(module, target)
        if symbol is None or depth > _DEPTH:
            return ""
        if symbol.name in _ATOMIC:
            return _OF_DJANGO
        if symbol.name in _OF_TORTOISE:
            return SESSION
        if isinstance(symbol.node, Function) and symbol.module is not None:
            return self._own_wrapper(symbol.module, symbol.node, depth)
        return _SCOPE if self._commits_at_its_end(symbol) else ""

    def _own_wrapper(self, module: Module, function: Function, depth: int) -> str:
        """A project's own context manager or decorator that yields or calls within `atomic`, or commits after it."""
        for node in ast.walk(function):
            if isinstance(node, ast.With | ast.AsyncWith) and _yields_or_calls(node):
                for item in node.items:
                    name = self._opens(module, item.context_expr, depth + 1)
                    if name:
                        return name
            match node:
                case ast.Return(value=ast.Call(func=func)) if self.project.names.name(module, func) in _ATOMIC:
                    return _OF_DJANGO
        managers = {"contextmanager", "asynccontextmanager"}
        if managers & {last_name(d) for d in function.decorator_list} and commits_after_its_yield(function):
            return _SCOPE
        return ""

    def _commits_at_its_end(self, symbol: Symbol) -> bool:
        """Whether an object is a context manager of a class of the project whose end commits: a unit of work."""
        made = symbol.node.func if isinstance(symbol.node, ast.Call) else None
        owner = self.project.names.resolve(symbol.module, made) if made is not None and symbol.module else symbol
        ends = (self.project.names.class_attribute(owner, name) for name in ("__exit__", "__aexit__") if owner)
        return any(
            isinstance(node, ast.Attribute) and node.attr == "commit"
            for end in ends
            if end is not None and end.node is not None
            for node in ast.walk(end.node)
        )


def _yields_or_calls(block: ast.With | ast.AsyncWith) -> bool:
    for node in ast.walk(block):
        if isinstance(node, ast.Yield):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and any(isinstance(a, ast.Starred) for a in node.args)
            and any(k.arg is None for k in node.keywords)
        ):
            return True
    return False


def _is_session(owner: str, expr: ast.expr) -> bool:
    last = last_name(expr).lower()
    return "session" in last or "session" in owner.lower() or last in _DATABASES


def _committed_before(block: ast.With | ast.AsyncWith, call: ast.Call) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and node.lineno < call.lineno
        for node in ast.walk(block)
    )


def _asks_self(node: ast.AST) -> bool:
    """`if self.atomic:`."""
    match node:
        case ast.If(test=ast.Attribute(value=ast.Name(id="self"))):
            return True
    return False
