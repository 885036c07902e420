"""ACG112."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.celery.targets import task_of
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.large_values import LargeValues
from asyncgen.check.rules.row_bounds import is_constant
from asyncgen.check.rules.rows import Rows
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["LargePayload"]

#: A condition that holds once for many rows.
_ONCE_PER_PAGE = re.compile(r"\blen\(|%|batch|chunk|page|size|limit", re.IGNORECASE)
_PAGES = "send pages of ids, or let a task send the next page"
_SENDS = {"delay", "apply_async", "delay_on_commit", "send_task"}
_GROUPS = {"celery.group", "celery.chord"}
_LOOPS = (ast.For, ast.AsyncFor, ast.ListComp, ast.SetComp, ast.GeneratorExp)


class LargePayload(Rule):
    """A message grows with the data, or the number of messages does.

    Lists of all ids, documents, bodies of requests and copies of rows are as large as whoever made them likes. Each is
    copied into the broker's memory, once for each message, and again with each retry. A loop that sends one message
    for each row of a query without a bound takes a round trip to the broker for each, so that the request or task
    lasts as long as the table is long, and the queue is full of it: nothing else gets through. What a key, a parent
    row or a slice bounds is fine, and so are tables of settings.

    Bad:
        for user in User.objects.filter(active=True):
            send_news.delay(user.pk)

    Good:
        a task that sends one page of ids, and sends itself for the next page; documents by their storage key

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#data-locality
    """

    code = "ACG112"
    name = "large-payload"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        if module.kind == "migration":
            return
        rows = Rows(project)
        values = LargeValues(project, rows)
        told: set[ast.expr] = set()
        yield from self._mapped(module, project, rows)
        for sent in project.dispatches.of(module):
            if sent.method in {"retry", "signature", "subtask"}:
                continue
            for where, expr in sent.arguments():
                what = values.what(module, expr) or self._given(module, project, values, expr)
                if what:
                    yield self.finding(
                        module,
                        expr,
                        f"{where} of {sent.title} is {what}: {ast.unparse(expr)[:60]}",
                        "send a key, and read the data in the task, a page at a time",
                    )
            if module.kind == "code" and (sent.method in _SENDS or _is_in_group(project, module, sent.call)):
                loop, through = self._loop(module, project, rows, sent)
                if loop is not None and loop not in told:
                    told.add(loop)
                    yield self.finding(
                        module,
                        sent.call,
                        f"{sent.title} in a loop over {ast.unparse(loop)[:60]}: a message for each row{through}",
                        _PAGES,
                    )

    def _mapped(self, module: Module, project: Project, rows: Rows) -> Iterator[Finding]:
        """`task.chunks(rows, 20)`: all rows are in messages, however many each has."""
        for call in module.calls if any(word in module.text for word in (".chunks(", "map(")) else ():
            match call:
                case ast.Call(func=ast.Attribute(value=task, attr="chunks" | "map" | "starmap"), args=[given, *_]):
                    if task_of(project, module, task) is not None and rows.are_many(module, given):
                        yield self.finding(
                            module,
                            call,
                            f"{ast.unparse(call.func)} puts an unbounded list into messages: {ast.unparse(given)[:60]}",
                            _PAGES,
                        )

    @staticmethod
    def _given(module: Module, project: Project, values: LargeValues, expr: ast.expr) -> str:
        """What a caller of the function hands in as the argument of that name."""
        function = running_function(module, expr)
        if not isinstance(expr, ast.Name) or function is None:
            return ""
        bound = project.names.bindings(module, expr.id, expr)
        if [binding.kind for binding in bound] != ["param"]:
            return ""
        for home, call in project.callers.of(module, function):
            given = _argument(function, call, expr.id)
            what = values.what(home, given) if given is not None else ""
            if what:
                return f"{what}, from {home.shown}:{call.lineno}"
        return ""

    @staticmethod
    def _loop(module: Module, project: Project, rows: Rows, sent: Dispatch) -> tuple[ast.expr | None, str]:
        """The rows over which a loop sends, here or around the call of the function that sends, and in words where."""
        loop = _unbounded_loop(module, rows, sent.call)
        function = running_function(module, sent.call)
        if loop is not None or function is None:
            return loop, ""
        for home, call in project.callers.of(module, function):
            loop = _unbounded_loop(home, rows, call) if home.kind == "code" else None
            if loop is not None:
                return loop, f", through {function.name} ({home.shown}:{call.lineno})"
        return None, ""


def _is_in_group(project: Project, module: Module, signature: ast.Call) -> bool:
    """Whether a signature is one of those that a group or a chord is made of, in a list of its own too."""
    made = module.parents.get(signature)
    if isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute) and made.func.attr == "append":
        return _is_grouped(project, module, last_name(made.func.value), signature)
    over = module.parents.get(made) if isinstance(made, ast.GeneratorExp | ast.ListComp) else None
    if isinstance(over, ast.Assign):
        return _is_grouped(project, module, last_name(over.targets[0]), signature)
    return isinstance(over, ast.Call) and project.names.name(module, over.func) in _GROUPS


def _is_grouped(project: Project, module: Module, listed: str, signature: ast.Call) -> bool:
    """Whether the function around a signature makes a group of a list of that name."""
    return listed != "" and any(
        isinstance(node, ast.Call)
        and last_name(next(iter(node.args), node)) == listed
        and project.names.name(module, node.func) in _GROUPS
        for node in ast.walk(module.function_of(signature) or module.tree)
    )


def _unbounded_loop(module: Module, rows: Rows, call: ast.Call) -> ast.expr | None:
    for ancestor in module.ancestors(call):
        if isinstance(ancestor, Function | ast.Lambda):
            return None
        if isinstance(ancestor, ast.If) and (
            _ONCE_PER_PAGE.search(ast.unparse(ancestor.test)) or _picks_some(ancestor.test)
        ):
            return None
        if isinstance(ancestor, _LOOPS) and not any(isinstance(n, ast.Break) for n in ast.walk(ancestor)):
            over = ancestor.iter if isinstance(ancestor, ast.For | ast.AsyncFor) else ancestor.generators[0].iter
            if not any(node is call for node in ast.walk(over)) and rows.are_many(module, over):
                return over
    return None


def _picks_some(test: ast.expr) -> bool:
    """`if row.day == today`: not each row, unless what it is compared with is a constant of the code."""
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq)
        and not any(is_constant(side) for side in (node.left, *node.comparators))
        for node in ast.walk(test)
    )


def _argument(function: Function, call: ast.Call, name: str) -> ast.expr | None:
    """What a call gives for a parameter."""
    names = [a.arg for a in [*function.args.posonlyargs, *function.args.args] if a.arg not in {"self", "cls"}]
    given = dict(zip(names, call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg is not None}
    found = given.get(name)
    return None if isinstance(found, ast.Starred) else found
