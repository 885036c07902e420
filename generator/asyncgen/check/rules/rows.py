"""Which rows a query gives, and whether anything bounds how many they are."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.analysis.class_kinds import is_model_class
from asyncgen.check.analysis.kind_names import MANAGER, QUERYSET, VALUES
from asyncgen.check.analysis.project import Project
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["COPIES", "Rows", "filling"]

#: What has all the elements of its first argument.
COPIES = {"list", "tuple", "set", "frozenset", "sorted", "dict", "iter", "reversed", "enumerate", "chain", "tqdm"}
#: Methods whose result has all the rows, or all the elements, of what they are called on.
_GIVE_ALL = {"values", "items", "keys", "all", "fetchall", "mappings", "scalars", "unique"}
_CLOCKS = {"now", "utcnow", "today", "localtime"}
_DEPTH = 6
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
    r"(Backend|Branch|Channel|Cluster|Compan(y|ie)|Config\w*|Connect(ion|or)|Corporation|Countr(y|ie)|Credential|Currenc(y|ie)|"
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


class Rows:
    def __init__(self, project: Project) -> None:
        self.project = project
        self._known: dict[ast.expr, bool] = {}

    def are_many(self, module: Module, expr: ast.expr) -> bool:
        """Whether an expression gives row after row of a query that nothing bounds."""
        if expr not in self._known:
            self._known[expr] = False  # while it is looked at: a name may be made from itself
            self._known[expr] = any(self._is_unbounded(*query) for query in self._queries(module, expr, 0))
        return self._known[expr]

    def _queries(self, module: Module, expr: ast.expr, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        """The queries whose rows an expression may give: itself, a list of them, a comprehension over them, what a
        function of the project returns.
        """
        if depth > _DEPTH:
            return
        if (
            self.project.kinds.of(module, expr) in {QUERYSET, VALUES}
            or _is_audience(expr)
            or self._is_select(module, expr)
        ):
            yield module, expr
            return
        match expr:
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in COPIES:
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr="in_bulk"), args=[], keywords=[]):
                if self.project.kinds.of(module, inner) == MANAGER:
                    yield module, inner
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(attr="execute" | "scalars" | "stream_scalars"), args=[inner, *_]):
                yield from self._queries(module, inner, depth + 1)
            case ast.Call(func=ast.Attribute(value=inner, attr=attr), args=[]) if attr in _GIVE_ALL:
                yield from self._queries(module, inner, depth + 1)
            case ast.Await(value=inner):
                yield from self._queries(module, inner, depth + 1)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                if not self._are_narrow(module, expr.generators[0].ifs):
                    yield from self._queries(module, expr.generators[0].iter, depth + 1)
            case ast.Name():
                yield from self._of_name(module, expr, depth + 1)
        if isinstance(expr, ast.Call):
            yield from self._returned(module, expr, depth + 1)

    def _of_name(self, module: Module, name: ast.Name, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        """What is assigned to a name, unless one of the values is a slice, or put into the list that it is."""
        bound = self.project.names.bindings(module, name.id, name)
        values = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
        if len(values) != len(bound) or any(self._bounds(module, node) for value in values for node in ast.walk(value)):
            values = values if len(bound) == 1 else []
        for value in values:
            yield from self._queries(module, value, depth)
        for loop in filling(module, name, values):
            if not self._are_narrow(module, [node.test for node in ast.walk(loop) if isinstance(node, ast.If)]):
                yield from self._queries(module, loop.iter, depth)
        for added in _added_at_once(module, name, values):
            yield from self._queries(module, added, depth)

    def _are_narrow(self, module: Module, conditions: list[ast.expr]) -> bool:
        """Whether rows are chosen by what the function was given: `if distance(row) <= reach`."""
        return any(
            isinstance(node, ast.Compare)
            and not isinstance(node.ops[0], ast.NotIn | ast.NotEq | ast.Is | ast.IsNot)
            and any(
                binding.kind == "param"
                for side in (node.left, *node.comparators)
                if isinstance(side, ast.Name)
                for binding in self.project.names.bindings(module, side.id, side)
            )
            for condition in conditions
            for node in ast.walk(condition)
        )

    def _returned(self, module: Module, call: ast.Call, depth: int) -> Iterator[tuple[Module, ast.expr]]:
        callee = self.project.names.resolve(module, call.func)
        if callee is None or callee.module is None or not isinstance(callee.node, Function):
            return
        if all(last_name(decorator) in {"staticmethod", "classmethod"} for decorator in callee.node.decorator_list):
            for node in ast.walk(callee.node):
                if isinstance(node, ast.Return) and node.value is not None:
                    for home, query in self._queries(callee.module, node.value, depth):
                        if not _is_audience(query):  # of what it is, the caller knows
                            yield home, query

    def _is_select(self, module: Module, expr: ast.expr) -> bool:
        """`select(Row).where(...)`, `select(Row.id)`: a query of SQLAlchemy."""
        while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
            expr = expr.func.value
        if not (isinstance(expr, ast.Call) and last_name(expr.func) == "select" and expr.args):
            return False
        row = expr.args[0]
        return is_model_class(self.project.names, module, row) or (
            isinstance(row, ast.Attribute) and is_model_class(self.project.names, module, row.value)
        )

    def _is_unbounded(self, module: Module, query: ast.expr) -> bool:
        steps = self._steps(module, query)
        nodes = [node for step in steps for node in ast.walk(step)]
        tables = [last_name(_root(step)) for step in steps]
        if any(self._bounds(module, node) for node in nodes) or any(_is_small(table) for table in tables):
            return False
        grows = _is_audience(query) or any(_GROWS.search(table) for table in tables)
        return grows or not any(_is_switch(node) for node in nodes)

    def _bounds(self, module: Module, node: ast.AST) -> bool:
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
                return not _is_constant(value)
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
        return not _is_constant(keyword.value)

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


def _is_audience(expr: ast.expr) -> bool:
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


def _is_constant(value: ast.expr) -> bool:
    """A literal, a list of them, a name in capitals or a class's member: `PAID`, `Status.PAID.value`, `Status.Paid`."""
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return all(_is_constant(element) for element in value.elts)
    if isinstance(value, ast.Attribute) and last_name(value.value)[:1].isupper():
        return True
    while isinstance(value, ast.Attribute) and not value.attr.isupper():
        value = value.value
    return isinstance(value, ast.Constant) or last_name(value).isupper()


def filling(module: Module, name: ast.Name, values: list[ast.expr]) -> Iterator[ast.For | ast.AsyncFor]:
    """The loops that put each of their elements into the list that a name is; `values` is all that it is assigned."""
    if len(values) == 1 and _is_empty(values[0]):
        for loop in ast.walk(module.function_of(name) or module.tree):
            if isinstance(loop, ast.For | ast.AsyncFor) and _fills(loop, name):
                yield loop


def _added_at_once(module: Module, name: ast.Name, values: list[ast.expr]) -> Iterator[ast.expr]:
    """What is put into an empty list or set as a whole: `ids.extend(rows)`, `ids.update(rows)`."""
    if len(values) == 1 and _is_empty(values[0]):
        for node in ast.walk(module.function_of(name) or module.tree):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="extend" | "update"), args=[added]):
                    if owner == name.id:
                        yield added


def _is_empty(made: ast.expr) -> bool:
    """`[]`, `set()`, `{}`."""
    match made:
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="list" | "set" | "dict"), args=[]):
            return True
    return False


def _fills(loop: ast.For | ast.AsyncFor, name: ast.Name) -> bool:
    """Whether a loop puts something into a list for each row, and does not send it, ask for its length or end early."""
    nodes = list(ast.walk(loop))
    if name in nodes or any(isinstance(node, ast.Break) for node in nodes):
        return False
    fills = False
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=owner)]) if owner == name.id:
                return False
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append" | "add" | "extend")):
                fills = fills or owner == name.id
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="clear" | "pop")) if owner == name.id:
                return False
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=owner))], value=value):
                fills = fills or (owner == name.id and not isinstance(value, ast.List))
    return fills
