"""Whether anything bounds how many rows a query gives: a condition, a slice, or that its table is a small one."""

import ast
import re
from collections.abc import Callable

from asyncgen.check.analysis.project import Project
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["RowBounds", "is_audience", "is_constant"]

_CLOCKS = {"now", "utcnow", "today", "localtime"}
_FILTERS = {"filter", "where", "filter_by", "get", "get_or_create", "Q"}
_BOUNDS = {"first", "none", "limit", "due", "sample"}
_RANGES = {"lt", "lte", "gt", "gte", "isnull", "ne"}
_ONE_OF_ITS_KIND = {
    "pk", "id", "name", "slug", "email", "username", "code", "key", "token", "hash", "uuid", "domain", "url",
}  # fmt: skip
_FEW = re.compile(r"(^|_)(superuser|staff|admin|moderator|default|primary|current)(_|$)")
#: Tables that hold what somebody set up, a handful of rows, and those to whom the other rows belong: one message for
#: each tenant is what a queue is for.
_SET_UP = re.compile(
    r"(Alliance|Backend|Branch|Channel|Cluster|Compan(y|ie)|Config\w*|Connect(ion|or)|Corporation|Countr(y|ie)|Credential|Currenc(y|ie)|"
    r"Department|Feed|Group|Index|Integration|Language|Manager|Monitor|Office|Organi[sz](ation|er)|Owner|Plan|Plugin|"
    r"Polic(y|ie)|Project|Provider|Queue|Region|Repo|Repository|Rule|Schedule|Server|Service|Setting|Site|Source|Team|"
    r"Template|Tenant|Token|Tracker|Type|Web[Hh]ook|Workflow|Workspace)s?$"
)
#: What belongs to those, as a rule one row for each.
_OF_TENANTS = re.compile(r"(Eve)?(Alliance|Compan(y|ie)|Corp(oration)?|Organi[sz]ation|Team|Tenant)[A-Z]")
#: Tables that grow with what people do.
_GROWS = re.compile(
    r"(Account|Article|Attendee|Booking|Client|Comment|Contact|Customer|Device|Document|Email|Employee|Enrol\w*|Event|"
    r"File|Follower|Image|Invoice|Lead|Listing|Mail|Member|Membership|Message|Notification|Order|Participant|Patient|"
    r"Payment|Person|Photo|Player|Post|Product|Profile|Recipient|Record|Reservation|Student|Subscri\w*|Ticket|"
    r"Transaction|User|Video)s?$|get_user_model$"
)
#: What many belong to one.
_AUDIENCE = re.compile(
    r"(^|_)(subscribers|subscriptions|followers|recipients|users|user_set|customers|clients|students|enrol?lments|"
    r"attendees|contacts)$"
)


class RowBounds:
    """`are_many` tells of what a query is compared with whether it is a list of all rows."""

    def __init__(self, project: Project, are_many: Callable[[Module, ast.expr], bool]) -> None:
        self.project = project
        self.are_many = are_many

    def is_unbounded(self, module: Module, query: ast.expr) -> bool:
        steps = self._steps(module, query)
        if any(self._is_given(module, step) for step in steps):
            return False
        nodes = [node for step in steps for node in ast.walk(step)]
        tables = [last_name(_root(step)) for step in steps]
        if any(self.has_bound(module, node) for node in nodes) or any(_is_small(table) for table in tables):
            return False
        grows = is_audience(query) or any(_GROWS.search(table) for table in tables)
        return grows or not any(_is_switch(node) for node in nodes)

    def _is_given(self, module: Module, query: ast.expr) -> bool:
        """Whether a query is made from what a function was given, as those rows that somebody chose in an admin."""
        root = query
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        bound = self.project.names.bindings(module, root.id, root) if isinstance(root, ast.Name) else []
        return isinstance(root, ast.Name) and root.id == "queryset" and any(b.kind == "param" for b in bound)

    def has_bound(self, module: Module, node: ast.AST) -> bool:
        """Whether a part of a query keeps it small: a slice, a look-up by key, a condition that nobody can see."""
        match node:
            case ast.Slice():
                return True
            case ast.Attribute(attr=attr):
                return attr in _BOUNDS
            case ast.Call(func=func, args=args, keywords=keywords) if last_name(func) in _FILTERS:
                return any(self._leaves_few(module, argument) for argument in args) or any(
                    self._scopes(module, keyword) for keyword in keywords
                )
        return False

    def _leaves_few(self, module: Module, condition: ast.expr) -> bool:
        """`Row.name == name`, or what cannot be read; not `Row.active == True`, nor a `Q`, which is looked into."""
        match condition:
            case ast.BinOp(left=left, right=right):
                return self._leaves_few(module, left) or self._leaves_few(module, right)
            case ast.UnaryOp(operand=operand):
                return isinstance(operand, ast.Name) or (
                    isinstance(operand, ast.BinOp) and self._leaves_few(module, operand)
                )
            case ast.Call(func=func, args=args) if last_name(func) in {"is_", "is_not", "isnot"}:
                return not all(isinstance(argument, ast.Constant) for argument in args)
            case ast.Call(func=func, args=[value]) if last_name(func) == "in_":
                return not self.are_many(module, value)
            case ast.Call(func=func):
                return last_name(func) != "Q"
            case ast.Compare(ops=[ast.Eq()], comparators=[value]):
                return not is_constant(value)
            case ast.Compare():
                return False
            case ast.Attribute():
                return False  # Row.active
        return True

    def _scopes(self, module: Module, keyword: ast.keyword) -> bool:
        """Whether a condition narrows a query to what belongs to one thing: a key, or another object."""
        name = keyword.arg
        if name is None:
            return True
        field, _, comparison = name.rpartition("__")
        if field and comparison == "in" and self.are_many(module, keyword.value):
            return False
        if name in _ONE_OF_ITS_KIND or field in _ONE_OF_ITS_KIND or name.endswith(("_id", "__id", "__pk")):
            return True
        if _FEW.search(name):
            return True
        if field and comparison in _RANGES:
            return comparison in {"lt", "lte"} and self._is_now(module, keyword.value)
        return not is_constant(keyword.value)

    def _is_now(self, module: Module, value: ast.expr) -> bool:
        """Of what is due by now, or a while ago, there is as much as has come since the last look."""
        match value:
            case ast.BinOp(left=left, op=ast.Sub()):
                return self._is_now(module, left)
            case ast.Name():
                bound = self.project.names.bindings(module, value.id, value)
                made = bound[0].target if len(bound) == 1 and bound[0].kind == "value" else None
                return isinstance(made, ast.expr) and made is not value and self._is_now(module, made)
        return last_name(value.func if isinstance(value, ast.Call) else value) in _CLOCKS

    def _steps(self, module: Module, expr: ast.expr) -> list[ast.expr]:
        """A query, and what its first name was assigned: `rows = Row.objects.filter(...); pks = rows.values("pk")`."""
        steps = [expr]
        for step in steps:  # grows meanwhile
            root = step
            while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
                root = root.func if isinstance(root, ast.Call) else root.value
            if isinstance(root, ast.Name):
                bound = self.project.names.bindings(module, root.id, root)
                made = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
                steps += [value for value in made if not any(value is known for known in steps)]
        return steps


def _is_small(table: str) -> bool:
    return _SET_UP.search(table) is not None or (_OF_TENANTS.match(table) is not None and not _GROWS.search(table))


def is_audience(expr: ast.expr) -> bool:
    """`newsletter.subscribers.filter(active=True)`: rows of a related manager that tend to be many."""
    while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        expr = expr.func.value
        if isinstance(expr, ast.Attribute) and _AUDIENCE.search(expr.attr):
            return last_name(expr.value) not in {"self", "settings"} and not last_name(expr.value).isupper()
    return False


def _root(expr: ast.expr) -> ast.expr:
    """`Row` of `Row.objects.filter(...)` and of `session.query(Row)`."""
    while isinstance(expr, ast.Call | ast.Subscript | ast.Attribute):
        if isinstance(expr, ast.Attribute) and expr.attr[:1].isupper():
            break
        if isinstance(expr, ast.Call) and expr.args and last_name(expr.func) in {"query", "select"}:
            expr = expr.args[0]
        else:
            expr = expr.func if isinstance(expr, ast.Call) else expr.value
    return expr


def _is_switch(node: ast.AST) -> bool:
    """`enabled=True`: what can be turned on was set up by somebody, if it is no person's and no record."""
    match node:
        case ast.Call(func=func, keywords=keywords) if last_name(func) in _FILTERS:
            return any(_turns_on(keyword) for keyword in keywords)
        case ast.Compare(ops=[ast.Eq() | ast.Is()], comparators=[ast.Constant(value=True)]):
            return True
        case ast.Call(func=ast.Attribute(attr="is_"), args=[ast.Constant(value=True)]):
            return True
    return False


def _turns_on(keyword: ast.keyword) -> bool:
    value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
    return value is True or (value == 1 and re.search("active|enabled", keyword.arg or "") is not None)


def is_constant(value: ast.expr) -> bool:
    """A literal, a list of them, a name in capitals or a class's member: `PAID`, `Status.PAID.value`, `Status.Paid`."""
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return all(is_constant(element) for element in value.elts)
    if isinstance(value, ast.Attribute) and last_name(value.value)[:1].isupper():
        return True
    while isinstance(value, ast.Attribute) and not value.attr.isupper():
        value = value.value
    return isinstance(value, ast.Constant) or last_name(value).isupper()
