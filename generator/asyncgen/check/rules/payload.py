"""ACG112."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.kind_names import QUERYSET, REQUEST, VALUES
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["LargePayload"]

_COMPARISONS = {"lt", "lte", "gt", "gte", "isnull", "contains", "icontains", "startswith", "in", "exact"}
_DOCUMENTS = {"read", "read_text", "read_bytes", "getvalue"}
_BODIES = {"body", "content", "text"}


class LargePayload(Rule):
    """A message grows with the data, or the number of messages does.

    Lists of all ids and whole documents are copied into the broker's memory, once for each message, and again
    with each retry. A loop that sends one message for each row of a table blocks for as long as the table is long,
    and floods the queue so that nothing else gets through.

    Bad:
        for user in User.objects.all():
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
        for sent in project.dispatches.of(module):
            if sent.method in {"retry", "signature", "subtask"}:
                continue
            for where, expr in sent.arguments():
                what = self._large(module, project, expr, 0)
                if what:
                    yield self.finding(
                        module,
                        expr,
                        f"{where} of {sent.title} is {what}: {ast.unparse(expr)[:60]}",
                        "send a key, and read the data in the task, a page at a time",
                    )
            if sent.method in {"delay", "apply_async", "delay_on_commit", "send_task"}:
                loop = self._unbounded_loop(module, project, sent)
                if loop is not None and module.kind == "code":
                    yield self.finding(
                        module,
                        sent.call,
                        f"{sent.title} in a loop over {ast.unparse(loop)[:60]}: a message for each row",
                        "send pages of ids, or let a task send the next page",
                    )

    def _large(self, module: Module, project: Project, expr: ast.expr, depth: int) -> str:
        if depth > 4:
            return ""
        match expr:
            case ast.Call(func=ast.Name(id="list" | "tuple" | "set" | "sorted"), args=[inner, *_]):
                kind = project.kinds.of(module, inner)
                if kind in {VALUES, QUERYSET} and not _is_bounded(inner, module, project):
                    return "an unbounded list"
                if isinstance(inner, ast.GeneratorExp):
                    return self._comprehension(module, project, inner)
            case ast.ListComp() | ast.SetComp():
                return self._comprehension(module, project, expr)
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in _DOCUMENTS:
                kind = project.kinds.of(module, value)
                if kind in {"an open file", REQUEST} and not expr.args:
                    return "a whole document"
                if method == "decode":
                    return self._large(module, project, value, depth + 1)
            case ast.Call(func=ast.Attribute(value=value, attr="decode")):
                return self._large(module, project, value, depth + 1)
            case ast.Call(func=func, args=[inner]) if project.names.name(module, func) in {
                "base64.b64encode", "builtins.str",
            }:  # fmt: skip
                return self._large(module, project, inner, depth + 1)
            case ast.Attribute(value=value, attr=attr) if attr in _BODIES:
                if project.kinds.of(module, value) in {REQUEST, "an HTTP response"}:
                    return "a whole document"
            case ast.Name():
                bound = project.names.bindings(module, expr.id, expr)
                if len(bound) == 1 and bound[0].kind == "value":
                    target = bound[0].target
                    if isinstance(target, ast.expr) and not _is_changed(module, expr):
                        return self._large(module, project, target, depth + 1)
        return ""

    @staticmethod
    def _comprehension(module: Module, project: Project, expr: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> str:
        over = expr.generators[0].iter
        kind = project.kinds.of(module, over)
        if kind in {QUERYSET, VALUES} and not _is_bounded(over, module, project):
            return "an unbounded list"
        return ""

    @staticmethod
    def _unbounded_loop(module: Module, project: Project, sent: Dispatch) -> ast.expr | None:
        function = running_function(module, sent.call)
        for ancestor in module.ancestors(sent.call):
            if ancestor is function or isinstance(ancestor, Function | ast.Lambda):
                return None
            if isinstance(ancestor, ast.For | ast.AsyncFor):
                kind = project.kinds.of(module, ancestor.iter)
                stops = any(isinstance(n, ast.Break) for n in ast.walk(ancestor))
                if kind in {QUERYSET, VALUES} and not stops and _is_whole_table(ancestor.iter, module, project):
                    return ancestor.iter
        return None


def _is_changed(module: Module, name: ast.Name) -> bool:
    """Whether a list is cut into pieces or filled elsewhere before it is sent."""
    parent = module.parents.get(name)
    return isinstance(parent, ast.Subscript)


def _is_bounded(expr: ast.expr, module: Module, project: Project) -> bool:
    """A slice, or a look-up by key, keeps a query small, in whatever variable it was made."""
    return any(_narrows(step) for step in _steps(expr, module, project))


def _steps(expr: ast.expr, module: Module, project: Project) -> list[ast.expr]:
    """A query, and what its first name was assigned: `rows = Row.objects.filter(...); pks = rows.values_list("pk")`."""
    steps = [expr]
    for step in steps:  # grows meanwhile
        root = step
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        if isinstance(root, ast.Name):
            bound = project.names.bindings(module, root.id, root)
            made = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
            steps += [value for value in made if not any(value is known for known in steps)]
    return steps


def _narrows(expr: ast.expr) -> bool:
    for node in ast.walk(expr):
        if isinstance(node, ast.Slice) or _filters_by_expression(node):
            return True
        if isinstance(node, ast.keyword) and _scopes(node):
            return True
        if isinstance(node, ast.Attribute) and node.attr in {"first", "none"}:
            return True
    return False


def _filters_by_expression(node: ast.AST) -> bool:
    """`filter(Row.name == name)`, `filter(Q(...))`: what is left may be one row."""
    match node:
        case ast.Call(func=ast.Attribute(attr="filter" | "where"), args=[_, *_]):
            return True
    return False


def _is_whole_table(expr: ast.expr, module: Module, project: Project) -> bool:
    """Every row, or so many that they are streamed: how much a filter leaves, the code does not tell."""
    if _is_bounded(expr, module, project):
        return False
    steps = _steps(expr, module, project)
    methods = {node.attr for step in steps for node in ast.walk(step) if isinstance(node, ast.Attribute)}
    return "iterator" in methods or not methods & {"filter", "get_or_create", "due", "active"}


def _scopes(keyword: ast.keyword) -> bool:
    """Whether a condition narrows a query to what belongs to one thing: a key, or another object."""
    name = keyword.arg or ""
    if name in {"pk", "id", "pk__in", "id__in"} or name.endswith(("_id", "__id", "__pk")):
        return True
    comparison = "__" in name and name.rpartition("__")[2] in _COMPARISONS
    return not comparison and isinstance(keyword.value, ast.Name | ast.Attribute) and name != ""
