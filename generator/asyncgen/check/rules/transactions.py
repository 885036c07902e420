"""ACG109."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import SENDING, Dispatch
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.symbols import Symbol
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.request_transactions import transaction_of_request
from asyncgen.check.rules.transaction_writes import may_write
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["PublishInTransaction"]

_ATOMIC = {"django.db.transaction.atomic", "django.db.transaction.Atomic", "django.db.transaction.commit_on_success"}
_OF_DJANGO = "transaction.atomic"
_DEPTH = 4


class PublishInTransaction(Rule):
    """A task is sent before the transaction that it is about has committed.

    A worker is often faster than the commit: it looks for a row that is not there yet, and fails or does nothing.
    If the transaction is rolled back, the task runs all the same. Django opens transactions as well: around each
    request with `ATOMIC_REQUESTS`, around each change in its admin. There a publish counts if a row is written
    before it in the same function. One that only reads or locks rows has nothing to commit, and is none here.

    Bad:
        with transaction.atomic():
            order = Order.objects.create(...)
            send_invoice.delay(order.pk)

    Good:
        with transaction.atomic():
            order = Order.objects.create(...)
            transaction.on_commit(partial(send_invoice.delay, order.pk))

    or `send_invoice.delay_on_commit(order.pk)`.

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#database-transactions
    """

    code = "ACG109"
    name = "publish-in-transaction"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for sent in project.dispatches.of(module):
            if sent.method not in SENDING or {"countdown", "eta"} & set(sent.options):
                continue  # a message that is held back comes after the commit, as far as the code tells
            if self._waits_for_commit(project, sent):
                continue
            where = self._around(module, project, sent.call) or self._through(module, project, sent.call)
            if where:
                yield self.finding(
                    module,
                    sent.call,
                    f"{sent.title} is called inside of {where}: the task can run before the commit",
                    "use delay_on_commit, or transaction.on_commit(partial(task.delay, ...))"
                    if "session" not in where
                    else "send it after the commit",
                )

    def _around(self, module: Module, project: Project, call: ast.Call) -> str:
        """In words the transaction in which a call is made, or the empty string."""
        return (
            self._transaction(module, project, call)
            or _before_commit(module, call)
            or transaction_of_request(project, module, call)
        )

    def _through(self, module: Module, project: Project, call: ast.Call) -> str:
        """The transaction in which the function is called that publishes."""
        function = running_function(module, call)
        if function is None or _minds_transactions(function, call):
            return ""
        for home, outer in project.callers.of(module, function):
            where = self._around(home, project, outer)
            if where:
                return f"{where}, through {function.name} ({home.shown}:{outer.lineno})"
        return ""

    @staticmethod
    def _waits_for_commit(project: Project, sent: Dispatch) -> bool:
        """Whether the task's own class puts off the publish until the commit."""
        task = sent.task
        if task is None or task.base is None:
            return False
        for method in ("apply_async", "delay"):
            own = project.names.class_attribute(task.base, method)
            if own is not None and own.node is not None and "commit" in ast.unparse(own.node):
                return True
        return False

    def _transaction(self, module: Module, project: Project, call: ast.Call) -> str:
        child: ast.AST = call
        for ancestor in module.ancestors(call):
            match ancestor:
                case ast.Lambda():
                    return ""
                case ast.With() | ast.AsyncWith() if child in ancestor.body:
                    for item in ancestor.items:
                        name = self._opens(module, project, item.context_expr, 0)
                        if (
                            name
                            and not _committed_before(ancestor, call)
                            and _has_work(project, module, name, ancestor)
                        ):
                            return name
                case ast.FunctionDef() | ast.AsyncFunctionDef() if child in ancestor.body:
                    for decorator in ancestor.decorator_list:
                        name = self._opens(module, project, decorator, 0)
                        if name and _has_work(project, module, name, ancestor):
                            return name
                    return ""
            child = ancestor
        return ""

    def _opens(self, module: Module, project: Project, expr: ast.expr, depth: int) -> str:
        """What kind of transaction an expression opens, as a context manager or a decorator."""
        target = expr.func if isinstance(expr, ast.Call) else expr
        if isinstance(expr, ast.Call) and isinstance(target, ast.Attribute) and target.attr == "begin":
            owner = project.names.name(module, target.value)
            return "a session's transaction" if _is_session(owner, target.value) else ""
        symbol = project.names.resolve(module, target)
        if symbol is None or depth > _DEPTH:
            return ""
        if symbol.name in _ATOMIC:
            return _OF_DJANGO
        if isinstance(symbol.node, Function) and symbol.module is not None:
            return self._own_wrapper(symbol, project, depth)
        return ""

    def _own_wrapper(self, symbol: Symbol, project: Project, depth: int) -> str:
        """A project's own context manager or decorator that yields or calls within `atomic`."""
        function, module = symbol.node, symbol.module
        if not isinstance(function, Function) or module is None:
            return ""
        for node in ast.walk(function):
            if isinstance(node, ast.With) and _yields_or_calls(node):
                for item in node.items:
                    name = self._opens(module, project, item.context_expr, depth + 1)
                    if name:
                        return name
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                inner = node.value
                if project.names.name(module, inner.func) in _ATOMIC:
                    return _OF_DJANGO
        return ""


def _has_work(project: Project, module: Module, kind: str, around: ast.With | ast.AsyncWith | Function) -> bool:
    """Whether a transaction may write. A session writes what was assigned to its objects, too."""
    opened = [item.context_expr for item in around.items] if isinstance(around, ast.With | ast.AsyncWith) else []
    return kind != _OF_DJANGO or may_write(project, module, [*opened, *around.body])


def _minds_transactions(function: Function, call: ast.Call) -> bool:
    """Whether a function commits before it publishes, asks whether it stands in a transaction, or waits elsewhere for
    the commit: then its author knows where it is called.
    """
    return any(
        isinstance(node, ast.Attribute)
        and (node.attr in {"in_atomic_block", "on_commit"} or (node.attr == "commit" and node.lineno < call.lineno))
        for node in ast.walk(function)
    )


def _yields_or_calls(block: ast.With) -> bool:
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
    last = expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "")
    return "session" in last.lower() or "session" in owner.lower() or last in {"engine", "Session"}


def _committed_before(block: ast.With | ast.AsyncWith, call: ast.Call) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and node.lineno < call.lineno
        for node in ast.walk(block)
    )


def _before_commit(module: Module, call: ast.Call) -> str:
    """`session.add(row)`, then the publish, then `session.commit()`, one after the other in one block."""
    statement: ast.AST = call
    while not isinstance(statement, ast.stmt):
        statement = module.parents[statement]
    block = next(
        (b for field in ("body", "orelse") if statement in (b := getattr(module.parents[statement], field, []))), []
    )
    if not isinstance(module.parents[statement], Function | ast.With | ast.If | ast.Try) or not block:
        return ""
    place = block.index(statement)
    before = {name for s in block[:place] for name in _session_calls(s, {"add", "add_all", "flush", "merge"})}
    committed = {name for s in block[:place] for name in _session_calls(s, {"commit"})}
    after = {name for s in block[place + 1 :] for name in _session_calls(s, {"commit"})}
    return "a session's transaction" if (before & after) - committed else ""


def _session_calls(statement: ast.stmt, methods: set[str]) -> set[str]:
    """The sessions on which a statement calls one of the methods, as they are written."""
    match statement:
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr=attr)))
            | ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(value=owner, attr=attr))))
        ) if attr in methods and "session" in last_name(owner).lower():
            return {ast.unparse(owner)}
    return set()
