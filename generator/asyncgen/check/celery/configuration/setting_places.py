"""Where settings stand, and what has the form of one."""

import ast
import re
from collections.abc import Iterator

from asyncgen.check.celery.configuration.setting_names import OLD_SETTINGS, SETTINGS
from asyncgen.check.source.module import Module

__all__ = ["UPPER", "bound_to_key", "config_key", "has_settings", "is_dead", "like_settings", "looks_like_setting"]

UPPER = re.compile(r"^[A-Z][A-Z0-9_]+$")


def is_dead(raw: str) -> bool:
    """Whether a name meant Celery before there were namespaces, and under a namespace means nothing."""
    return (
        raw in OLD_SETTINGS
        or raw.startswith(("CELERYD_", "CELERYBEAT_"))
        or (raw.startswith("BROKER_") and raw.lower() in SETTINGS)
    )


def has_settings(value: ast.expr | None) -> bool:
    """Whether a dict has names of settings for keys."""
    return isinstance(value, ast.Dict) and any(
        isinstance(key, ast.Constant) and str(key.value).lower() in SETTINGS for key in value.keys
    )


def looks_like_setting(raw: str) -> bool:
    return bool(UPPER.match(raw)) or raw.startswith(("task_", "worker_", "result_", "broker_", "beat_"))


def like_settings(module: Module) -> bool:
    return bool(re.search(r"(setting|config|conf\b|celery|default|common|base|prod|environ)", module.name))


def config_key(expr: ast.expr) -> str | None:
    """The key of `x.config["KEY"]`, `x.config.get("KEY")`."""
    match expr:
        case ast.Subscript(value=ast.Attribute(attr="config" | "settings"), slice=ast.Constant(value=str(key))):
            return key
        case ast.Call(
            func=ast.Attribute(attr="get", value=ast.Attribute(attr="config")),
            args=[ast.Constant(value=str(key)), *_],
        ):
            return key
    return None


def bound_to_key(module: Module, key: str) -> Iterator[ast.expr]:
    """What a project puts under a key of its framework's configuration, as a name, a keyword or an item."""
    scopes: list[ast.Module | ast.ClassDef] = [module.tree, *module.classes]
    for scope in scopes:
        for binding in module.names(scope).get(key, []):
            if binding.kind == "value" and isinstance(binding.target, ast.expr):
                yield binding.target
    for call in module.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"from_mapping", "update"}:
            for keyword in call.keywords:
                if keyword.arg == key:
                    yield keyword.value
    for node in module.index.stores:
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=k))],
                value=value,
            ) if k == key:
                yield value
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value) if name == key:
                yield value
