"""ACG109."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import SENDING, Dispatch
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.model_events import ModelEvents
from asyncgen.check.rules.opened_transactions import OpenedTransactions
from asyncgen.check.rules.request_transactions import is_written_before, transaction_of_request
from asyncgen.check.rules.session_writes import SESSION, SessionWrites
from asyncgen.check.rules.unsaved_rows import unsaved_row
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["PublishInTransaction"]

#: How many calls may lie between a publish and its transaction.
_LEVELS = 3


class PublishInTransaction(Rule):
    """A task is sent before the transaction that it is about has committed.

    A worker is often faster than the commit: it looks for a row that is not there yet, and fails or does nothing.
    If the transaction is rolled back, the task runs all the same. One that only reads or locks rows has nothing to
    commit, and is none here. A function stands in the transactions of those that call it, a receiver in those of
    whoever sends its signal. Django opens transactions itself: around each request with `ATOMIC_REQUESTS`, around each
    change in its admin, around a deletion and `get_or_create`, so that receivers of `post_delete`, and of `post_save`
    for models of the admin, run in one; a request counts where a row is written before the publish. What a session of
    SQLAlchemy has written, others see after its commit, whoever makes it. A row that is changed, sent by its key and
    saved only then is found as well, and a publish that on_commit is given the result of.

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

    def __init__(self) -> None:
        self._transactions: _Transactions | None = None

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        transactions = self._transactions = self._transactions or _Transactions(project)
        for sent in project.dispatches.of(module):
            if sent.method not in SENDING or {"countdown", "eta"} & set(sent.options):
                continue  # a message that is held back comes after the commit, as far as the code tells
            if _waits_for_commit(project, sent):
                continue
            if _is_called_too_early(module, sent.call):
                yield self.finding(
                    module,
                    sent.call,
                    f"{sent.title} is called at once, and its result is what on_commit gets",
                    "give on_commit what is to be called: transaction.on_commit(partial(task.delay, ...))",
                )
                continue
            where = transactions.of(module, sent.call)
            unsaved = "" if where else transactions.unsaved(module, sent.call)
            if where:
                yield self.finding(
                    module,
                    sent.call,
                    f"{sent.title} is called inside of {where}: the task can run before the commit",
                    "use delay_on_commit, or transaction.on_commit(partial(task.delay, ...))"
                    if "session" not in where
                    else "send it after the commit",
                )
            elif unsaved:
                yield self.finding(
                    module,
                    sent.call,
                    f"{sent.title} is called before {unsaved} is saved: the task can run before that",
                    "save it first, and send the task after the commit",
                )


class _Transactions:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.sessions = SessionWrites(project)
        self.opened = OpenedTransactions(project, self.sessions)
        self.events = ModelEvents(project, self.opened)

    def of(self, module: Module, call: ast.Call, inner: tuple[tuple[Module, ast.Call], ...] = ()) -> str:
        """In words the transaction in which a call is made, or the empty string; `inner` are those from there to the
        publish.
        """
        steps = ((module, call), *inner)
        where = self.opened.around(module, call, of_self=not inner) or (
            SESSION if self.sessions.before(module, call) else ""
        )
        if not where and (around := transaction_of_request(self.project, module, call)):
            where = around if any(is_written_before(self.project, *step) for step in steps) else ""
        return where or self._through(module, call, steps)

    def _through(self, module: Module, call: ast.Call, steps: tuple[tuple[Module, ast.Call], ...]) -> str:
        """The transaction in which the function is called that publishes."""
        function = running_function(module, call)
        if function is None or len(steps) > _LEVELS or _minds_transactions(module, function, call):
            return ""
        where = self.events.transaction(module, function, call)
        if where:
            return f"{where}, which calls {function.name}"
        task = self.project.tasks.around(module, call)
        if task is not None and (where := self.opened.around_task(task)):
            return f"{where}, which the class of {task.name} opens"
        callers = self.project.callers.of(module, function)
        for home, outer in [*callers, *self.project.receivers.senders(module, function)]:
            where = self.of(home, outer, steps)
            if where:
                return f"{where}, through {function.name} ({home.shown}:{outer.lineno})"
        return ""

    def unsaved(self, module: Module, call: ast.Call) -> str:
        """What is saved only after a call, or the empty string."""
        function = running_function(module, call)
        if function is not None and self.events.is_before_save(module, function, call):
            return "the row"
        return unsaved_row(module, call)


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


def _is_called_too_early(module: Module, call: ast.Call) -> bool:
    """`transaction.on_commit(task.delay(order.pk))`."""
    outer = module.parents.get(call)
    return isinstance(outer, ast.Call) and last_name(outer.func) == "on_commit" and call in outer.args[:1]


def _minds_transactions(module: Module, function: Function, call: ast.Call) -> bool:
    """Whether a function commits before it publishes, asks whether it stands in a transaction, or waits elsewhere for
    the commit: then its author knows where it is called.
    """
    text = module.text_of(function)
    return ("commit" in text or "in_atomic_block" in text) and any(
        isinstance(node, ast.Attribute)
        and (node.attr in {"in_atomic_block", "on_commit"} or (node.attr == "commit" and node.lineno < call.lineno))
        for node in ast.walk(function)
    )
