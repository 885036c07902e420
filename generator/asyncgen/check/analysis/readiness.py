"""Whether code looks first and goes on to a result only if it is there."""

import ast

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["LOOKING", "is_surely_ready"]

#: What tells how far a result is, without waiting for it.
LOOKING = frozenset({"ready", "successful", "failed", "state", "status", "completed_count", "waiting", "maybe_throw"})
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def is_surely_ready(module: Module, call: ast.Call, receiver: ast.expr) -> bool:
    """Whether a call that would wait for `receiver` is only reached once there is nothing to wait for."""
    function = running_function(module, call)
    if function is None:
        return False
    around = set(module.ancestors(call))
    if any(isinstance(a, ast.If | ast.IfExp) and "eager" in ast.unparse(a.test).lower() for a in around):
        return True  # whoever calls runs the task
    looked_up = isinstance(receiver, ast.Call) and last_name(receiver.func) == "AsyncResult"
    if not looked_up and not isinstance(receiver, ast.Name | ast.Attribute):
        return False
    same = ast.dump(receiver)
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in LOOKING
        and node.lineno <= call.lineno
        and ast.dump(node.value) == same
        and _decides(module, node, call)
        for node in ast.walk(function)
    )


def _decides(module: Module, look: ast.expr, call: ast.Call, depth: int = 0) -> bool:
    """Whether a look, or a variable that keeps what it saw, is what leads to the call."""
    negated = False
    child: ast.AST = look
    for ancestor in module.ancestors(look):
        match ancestor:
            case ast.UnaryOp(op=ast.Not()):
                negated = not negated
            case ast.If(test=test):
                return child is test and _leads_to(module, ancestor, look, call, negated)
            case ast.IfExp(test=test) | ast.While(test=test):
                return child is test
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.NamedExpr(target=ast.Name(id=name)) if depth == 0:
                loads = _loads(module, name, ancestor, call)
                return isinstance(child, ast.Compare) or any(_decides(module, n, call, depth + 1) for n in loads)
            case ast.Match() | ast.comprehension() | ast.Assert() | ast.BoolOp():
                return True
            case ast.stmt():
                return False
        child = ancestor
    return False


def _loads(module: Module, name: str, after: ast.AST, before: ast.Call) -> list[ast.Name]:
    first = getattr(after, "lineno", 0)
    return [
        node
        for node in ast.walk(running_function(module, before) or module.tree)
        if isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and first <= node.lineno <= before.lineno
    ]


def _leads_to(module: Module, branch: ast.If, look: ast.expr, call: ast.Call, negated: bool) -> bool:
    path = [call, *module.ancestors(call)]
    compared = _is_compared(branch.test, look)
    if branch in path:
        inside = any(statement in path for statement in branch.body)
        return compared or inside is not negated
    if (isinstance(look, ast.Attribute) and look.attr == "failed") or not isinstance(branch.body[-1], _LEAVES):
        return False
    return compared or negated


def _is_compared(test: ast.expr, look: ast.expr) -> bool:
    """Whether the look is one of several states, of which none can tell which are the last ones."""
    return any(isinstance(node, ast.Compare) and look in ast.walk(node) for node in ast.walk(test))
