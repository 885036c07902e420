"""What kind of broker a URL leads to, as far as the code tells."""

import ast

from asyncgen.check.celery.configuration.flask_config import items_of_flask
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["known_start", "transport_of"]

_TRANSPORTS = {
    "redis": "redis",
    "rediss": "redis",
    "sentinel": "redis",
    "redis+socket": "redis",
    "amqp": "amqp",
    "pyamqp": "amqp",
    "amqps": "amqp",
    "librabbitmq": "amqp",
}


def transport_of(names: Names, module: Module, expr: ast.expr) -> str:
    """`redis`, `amqp`, the scheme of another transport, or the empty string."""
    scheme, found, _ = known_start(names, module, expr).partition("://")
    return _TRANSPORTS.get(scheme, scheme) if found else ""


def known_start(names: Names, module: Module, expr: ast.expr, depth: int = 0) -> str:
    """As much of a URL as decides its scheme, else the empty string; an environment variable's default counts."""
    if depth > 6:
        return ""
    match expr:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return text
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]):
            return known_start(names, module, first, depth + 1)
        case ast.BinOp(left=left):
            return known_start(names, module, left, depth + 1)
        case ast.BoolOp(values=[*_, last]):
            return known_start(names, module, last, depth + 1)
        case ast.IfExp(body=one, orelse=other):
            return _agreed({known_start(names, module, choice, depth + 1) for choice in (one, other)})
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return known_start(names, module, first, depth + 1)
        case ast.Call(func=ast.Attribute(attr="format"), args=_):
            return known_start(names, module, expr.func.value, depth + 1)  # type: ignore[attr-defined] # matched
        case (
            ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=str(key)))
            | ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="config"), attr="get"), args=[ast.Constant(value=str(key))]
            )
        ):
            return _of_flask(names, key, depth)
        case ast.Call(args=args, keywords=keywords):
            given = args[:1] if last_name(expr.func) == "Field" else args[1:2]
            candidates = [*given, *(k.value for k in keywords if k.arg in {"default", "fallback"})]
            texts = [known_start(names, module, c, depth + 1) for c in candidates]
            return (
                next((t for t in texts if t), "")
                or _returned(names, module, expr, depth)
                or _by_variable(next(iter(args), None))
            )
        case ast.Subscript(slice=key):
            return _by_variable(key)
        case ast.Name() | ast.Attribute():
            symbol = names.resolve(module, expr)
            if symbol is not None and symbol.name.startswith("django.conf.settings."):
                return _of_django(names, symbol.name.rpartition(".")[2], depth)
            found = ""
            if symbol is not None and symbol.module is not None and isinstance(symbol.node, ast.expr):
                found = known_start(names, symbol.module, symbol.node, depth + 1) if symbol.node is not expr else ""
            return found or _by_variable(ast.Constant(last_name(expr))) or _by_variable(ast.Constant(ast.unparse(expr)))
    return ""


def _agreed(starts: set[str]) -> str:
    """What all of them lead to, if that is one kind of broker."""
    schemes = {start.partition("://")[0] if "://" in start else "" for start in starts}
    return min(starts) if len(schemes) == 1 and any(schemes) else ""


def _returned(names: Names, module: Module, call: ast.Call, depth: int) -> str:
    """By what a function of the project returns."""
    callee = names.shallow.resolve(module, call.func)
    if callee is None or callee.module is None or not isinstance(callee.node, ast.FunctionDef):
        return ""
    values = [node.value for node in ast.walk(callee.node) if isinstance(node, ast.Return)]
    return _agreed({known_start(names, callee.module, value, depth + 1) if value else "" for value in values})


def _of_django(names: Names, setting: str, depth: int) -> str:
    """By the module of settings that gives one of that name, if no other says otherwise."""
    found = {
        known_start(names, module, binding.target, depth + 1)
        for module in names.codebase.modules
        if "settings" in module.name
        for binding in module.names(module.tree).get(setting, [])
        if isinstance(binding.target, ast.expr)
    }
    return _agreed(found)


def _of_flask(names: Names, key: str, depth: int) -> str:
    """By all that the project puts under a key of its application's configuration."""
    found = {
        known_start(names, module, value, depth + 1)
        for module in names.codebase.modules
        if key in module.text
        for raw, value, _ in items_of_flask(module)
        if raw == key and value is not None
    }
    return _agreed(found)


def _by_variable(key: ast.expr | None) -> str:
    """The scheme that a name tells, of an environment variable or a setting: `os.environ["REDIS_URL"]`."""
    match key:
        case ast.Constant(value=str(name)) if "REDIS" in name.upper():
            return "redis://"
        case ast.Constant(value=str(name)) if "RABBIT" in name.upper() or "AMQP" in name.upper():
            return "amqp://"
    return ""
