"""The part of ACG109 that looks at sessions of SQLAlchemy: what is written through one is seen by others after its
commit, whoever makes it: the function itself, its caller, the dependency of a request, a context manager.
"""

import ast
import re
from collections.abc import Iterable
from functools import cached_property

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.analysis.project import Project
from asyncgen.check.rules.run_before import calls_between, certain_calls, statements_before
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name, parameters

__all__ = ["SESSION", "SessionWrites", "commits_after_its_yield", "is_session"]

SESSION = "a session's transaction"
_WRITES = {
    "add", "add_all", "flush", "merge", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings",
    "delete",
}  # fmt: skip
_STATEMENTS = {"insert", "update", "delete"}
_SQL = re.compile(r"\s*(insert|update|delete)\b", re.IGNORECASE)
#: What is called so writes, where a session is handed to what none can see.
_WRITERS = re.compile(r"(^|_)(add|create|delete|enqueue|insert|mark|record|register|save|set|store|update|upsert)(_|$)")
#: In lower case, and with a letter at each beginning: otherwise it takes three times as long.
_USED = re.compile(
    rb"(?:session|db|conn|connection)(?:\(\))?\.(?:add|add_all|flush|merge|execute|commit)\(|"
    rb"depends\(|uow\.|unit_of_work\."
)
#: Where a session may be one of HTTP.
_OF_HTTP = re.compile(r"\b(requests|httpx|aiohttp)\b")
_UNIT_OF_WORK = re.compile(r"\b(uow|unit_of_work)\b")
_ENDS = re.compile(r"commit|rollback")
_TRANSPARENT = {"staticmethod", "classmethod"}
_DEPTH = 2


class SessionWrites:
    def __init__(self, project: Project) -> None:
        self.project = project
        self._left_open: dict[Function, bool] = {}

    @cached_property
    def _are_sessions_used(self) -> bool:
        """Whether something looks as if it wrote through a session: in most projects of Django nothing does."""
        return any(_USED.search(text.lower()) for text in self.project.texts())

    def before(self, module: Module, call: ast.Call) -> bool:
        """Whether a call is made after something was written through a session, and before the commit."""
        function = running_function(module, call) if self._are_sessions_used else None
        if function is None:
            return False
        given = self._committed_for_it(module, function)
        for statement in statements_before(module, function, call):
            written = [
                c
                for c in certain_calls(statement, within=False)
                if self._is_open_after(module, c, 0) or (given and self._hands_on(module, c, given))
            ]
            if written:
                return not any(self._may_end(module, other) for other in calls_between(function, written[-1], call))
        return False

    def _committed_for_it(self, module: Module, function: Function) -> set[str]:
        """The arguments of a function that are sessions which a dependency commits after it (`Depends` of FastAPI)."""
        return {
            argument.arg
            for argument, default in parameters(function)
            if any(self._is_committing(module, part) for part in (argument.annotation, default) if part is not None)
        }

    def _is_committing(self, module: Module, expr: ast.expr) -> bool:
        """`Depends(get_db)` of a generator that commits: by itself, within `Annotated`, under a name of its own."""
        if isinstance(expr, ast.Name | ast.Attribute):
            symbol = self.project.names.resolve(module, expr)
            alias = symbol.node if symbol is not None else None
            return (
                symbol is not None
                and symbol.module is not None
                and isinstance(alias, ast.Subscript)
                and self._is_committing(symbol.module, alias)
            )
        for node in ast.walk(expr):
            if (
                isinstance(node, ast.Call)
                and last_name(node.func) in {"Depends", "FromDishka", "Provide"}
                and node.args
            ):
                made = self.project.names.resolve(module, node.args[0])
                if made is not None and isinstance(made.node, Function) and commits_after_its_yield(made.node):
                    return True
        return False

    def _hands_on(self, module: Module, call: ast.Call, given: set[str]) -> bool:
        """Whether a call hands a session, or its connection, to a function of others that writes, by its name."""
        if not _WRITERS.search(last_name(call.func)):
            return False
        symbol = self.project.names.resolve(module, call.func)
        if symbol is not None and symbol.node is not None:
            return False
        names = [
            n
            for part in [*call.args, *(k.value for k in call.keywords)]
            for n in ast.walk(part)
            if isinstance(n, ast.Name)
        ]
        return any(name.id in given or self._is_made_from(module, name, given) for name in names)

    def _is_made_from(self, module: Module, name: ast.Name, given: set[str]) -> bool:
        bound = self.project.names.bindings(module, name.id, name)
        made = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
        return any(isinstance(node, ast.Name) and node.id in given for value in made for node in ast.walk(value))

    def are_in(self, module: Module, statements: Iterable[ast.stmt]) -> bool:
        """Whether something is written in statements around which a session is committed."""
        return any(
            isinstance(node, ast.Call) and (last_name(node.func) in _WRITES or self._is_open_after(module, node, 0))
            for statement in statements
            for node in ast.walk(statement)
        )

    def _is_open_after(self, module: Module, call: ast.Call, depth: int) -> bool:
        """Whether a call writes through a session, itself or in a function of the project, and does not commit."""
        if _is_write(module, call):
            return True
        symbol = self.project.names.resolve(module, call.func)
        if symbol is None or symbol.module is None or not isinstance(symbol.node, Function) or depth > _DEPTH:
            return False
        if symbol.node not in self._left_open:
            self._left_open[symbol.node] = False
            self._left_open[symbol.node] = self._leaves_open(symbol.module, symbol.node, depth)
        return self._left_open[symbol.node]

    def _leaves_open(self, module: Module, function: Function, depth: int) -> bool:
        if _ENDS.search(module.text_of(function)) or any(
            last_name(d) not in _TRANSPARENT for d in function.decorator_list
        ):
            return False
        if any(isinstance(node, ast.Yield) for node in ast.walk(function)):
            return False
        return any(
            self._is_open_after(module, call, depth + 1)
            for statement in function.body
            for call in certain_calls(statement, within=False)
        )

    def _may_end(self, module: Module, call: ast.Call) -> bool:
        """Whether a call may end a transaction: by its name, or in the function of the project that it calls."""
        if _ENDS.search(last_name(call.func)):
            return True
        symbol = self.project.names.resolve(module, call.func)
        if symbol is None or symbol.module is None or not isinstance(symbol.node, Function):
            return False
        return _ENDS.search(symbol.module.text_of(symbol.node)) is not None


def _is_write(module: Module, call: ast.Call) -> bool:
    func = call.func
    if not isinstance(func, ast.Attribute) or not (func.attr in _WRITES or func.attr == "execute"):
        return False
    if func.attr == "execute" and not (call.args and _is_statement(call.args[0])):
        return False
    if func.attr == "delete" and _OF_HTTP.search(module.text):
        return False
    return is_session(module, func.value)


def is_session(module: Module, owner: ast.expr) -> bool:
    """By its name: `session`, `db.session`, `uow.orders`; `db` and `conn` where SQLAlchemy is about."""
    if _UNIT_OF_WORK.search(ast.unparse(owner)):
        return True
    called = owner.func if isinstance(owner, ast.Call) else owner
    name = last_name(called).lower()
    if "session" in name:
        of_request = isinstance(called, ast.Attribute) and "request" in last_name(called.value).lower()
        return name != "session" or not of_request
    if not re.search(r"(^|_)(db|conn|connection)$", name):
        return False
    return any(word in module.text for word in ("sqlalchemy", "sqlmodel", "Session", "Depends("))


def _is_statement(expr: ast.expr) -> bool:
    """`update(Row).where(...).values(...)`, `text("UPDATE ...")`."""
    while isinstance(expr, ast.Call | ast.Attribute):
        if isinstance(expr, ast.Call) and last_name(expr.func) == "text" and expr.args:
            sql = expr.args[0]
            return isinstance(sql, ast.Constant) and isinstance(sql.value, str) and _SQL.match(sql.value) is not None
        if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name):
            return expr.func.id in _STATEMENTS
        expr = expr.func if isinstance(expr, ast.Call) else expr.value
    return False


def commits_after_its_yield(function: Function) -> bool:
    """Whether a generator commits once its user is done: `session.commit()` after its `yield`, or `begin()` around."""
    yields = [node for node in ast.walk(function) if isinstance(node, ast.Yield)]
    if not yields:
        return False
    return any(
        isinstance(node, ast.Attribute)
        and (
            (node.attr == "commit" and node.lineno > yields[0].lineno)
            or (node.attr == "begin" and node.lineno < yields[0].lineno)
        )
        for node in ast.walk(function)
    )
