"""The part of ACG111 that looks at the configuration."""

import ast
import difflib
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.celery.configuration.setting_names import OLD_SETTINGS, SETTINGS, TRANSPORT_OPTIONS
from asyncgen.check.celery.configuration.settings import Setting, today_of
from asyncgen.check.celery.option_names import TASK_ONLY_OPTIONS, TASK_OPTIONS
from asyncgen.check.rules.silent_task_options import Silent
from asyncgen.check.source.module import Module

__all__ = ["settings"]

_ALMOST = 0.86
#: What `Celery(...)` takes, with the setting of that meaning.
_KEYWORDS = {"broker": "broker_url", "backend": "result_backend"}
_LIMITS = {"time_limit", "soft_time_limit", "ignore_result", "max_retries"}
_CELERYS_OWN = ("task_", "worker_", "broker_")
_PREFIXES = ("task_", "worker_", "result_", "broker_", "beat_", "event_", "accept_")


def settings(module: Module, project: Project) -> Iterator[Silent]:
    """Settings that Celery never sees: under a dead name, misspelt, or without the namespace."""
    configuration = project.configuration
    for setting in configuration.settings:
        if setting.module is not module or setting.name or setting.node is None:
            continue
        if _is_read(project, setting):
            continue
        verdict = _verdict(configuration, setting)
        if verdict is not None:
            yield setting.node, *verdict
    for setting in configuration.settings:
        if setting.module is module and setting.name.endswith("_options") and isinstance(setting.value, ast.Dict):
            yield from _too_deep(setting)


def _too_deep(setting: Setting) -> Iterator[Silent]:
    """Settings within a dict of options, where nothing looks for them."""
    for key in setting.value.keys if isinstance(setting.value, ast.Dict) else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            name = key.value.lower().removeprefix("celery_")
            if name in SETTINGS and name.startswith(_PREFIXES):
                yield key, f"{key.value} is a setting of its own: within {setting.raw} it does nothing", "put it beside"


def _is_read(project: Project, setting: Setting) -> bool:
    """Whether the project uses the name for itself, as its framework's setting or where it is written."""
    if setting.raw in project.usage.attributes:
        return True
    if setting.raw == setting.namespace or setting.raw in TRANSPORT_OPTIONS:  # quoted where they belong
        return False
    return _quoted(project, setting) or _is_used(setting) or _is_imported(project, setting.raw)


def _is_used(setting: Setting) -> bool:
    """Whether the module that writes a name also reads it."""
    raw, module = setting.raw, setting.module
    return module.text.count(raw) > 1 and any(
        isinstance(node, ast.Name) and node.id == raw and isinstance(node.ctx, ast.Load)
        for node in ast.walk(module.tree)
    )


def _is_imported(project: Project, raw: str) -> bool:
    return any(
        binding.kind == "import"
        for module in project.modules
        if raw in module.text
        for binding in module.names(module.tree).get(raw, ())
    )


def _quoted(project: Project, setting: Setting) -> bool:
    word = setting.raw
    return any(
        f'"{word}"' in module.text or f"'{word}'" in module.text
        for module in project.modules
        if module is not setting.module
    )


def _verdict(configuration: Configuration, setting: Setting) -> tuple[str, str] | None:
    raw, namespace = setting.raw, setting.namespace
    prefix = f"{namespace}_" if namespace else ""
    if namespace and raw == namespace:
        return (
            f"{raw} is a dict, and with the namespace {raw} Celery reads names: it does nothing",
            f"write {prefix}...",
        )
    if namespace and (raw in OLD_SETTINGS or not raw.startswith(prefix)):
        if configuration.namespaces - {namespace}:
            return None
        old = next(iter(difflib.get_close_matches(raw, OLD_SETTINGS, n=1, cutoff=_ALMOST)), raw)
        new = f"{prefix}{OLD_SETTINGS.get(old, old).upper()}"
        effect = _effect_of_old(configuration, setting)
        return f"{raw} is a name from before the namespace {namespace}: {effect}", f"write {new}"
    key = setting.key.lower()
    if key in TRANSPORT_OPTIONS and (namespace or raw.islower()):
        place = f"{prefix}BROKER_TRANSPORT_OPTIONS" if raw.isupper() else "broker_transport_options"
        return f"{raw} is no setting of its own: it does nothing", f"put {key} into {place}"
    if not namespace and raw.startswith("CELERY_") and key.removeprefix("celery_") in SETTINGS:
        if configuration.namespaces - {""}:
            return None
        return f'{raw} is read with namespace="CELERY" alone: it does nothing', _without_namespace(raw, key)
    if not namespace and raw in _KEYWORDS:
        return f"{raw} is a keyword of Celery(...) and no setting: it does nothing here", f"write {_KEYWORDS[raw]}"
    if not namespace and not key.startswith(_PREFIXES):
        return _unprefixed(raw)
    option = key.removeprefix("task_").removeprefix("default_")
    if key.startswith("task_") and (
        option in TASK_ONLY_OPTIONS | {"max_retries"} or f"default_{option}" in TASK_OPTIONS
    ):
        return f"{raw} is no setting, but an option of each task: it does nothing", "give it to the tasks"
    near = difflib.get_close_matches(key, SETTINGS, n=1, cutoff=_ALMOST)
    if near and near[0] != key:
        new = f"{prefix}{near[0].upper()}" if setting.raw.isupper() else near[0]
        return f"Celery has no setting {raw}: it does nothing", f"write {new}"
    if not namespace and raw.islower() and key.startswith(_CELERYS_OWN):
        return f"Celery has no setting {raw}: it does nothing", "remove it"
    if namespace and f"task_{key}" in SETTINGS:
        return f"Celery has no setting {raw}: it does nothing", f"write {prefix}TASK_{setting.key}"
    if namespace and f"worker_{key}" in SETTINGS:
        return f"Celery has no setting {raw}: it does nothing", f"write {prefix}WORKER_{setting.key}"
    return None


def _unprefixed(raw: str) -> tuple[str, str] | None:
    """A task's or a worker's option where settings are expected, or an old name that was known in capitals alone."""
    if raw in TASK_ONLY_OPTIONS | _LIMITS:
        meant = f"write task_{raw}" if f"task_{raw}" in SETTINGS else "give it to the tasks"
        return f"{raw} is an option of each task and no setting: it does nothing", meant
    today = OLD_SETTINGS.get(raw.upper()) if raw.islower() else None
    return (f"Celery has no setting {raw}: it does nothing", f"write {today}") if today else None


def _effect_of_old(configuration: Configuration, setting: Setting) -> str:
    """What an old name does, with the releases of Celery for which that is true."""
    today, celery = today_of(setting.raw), configuration.found.celery
    if not today or any(s.name == today and s.raw != setting.raw for s in configuration.settings):
        return "it does nothing"
    if celery is None:
        return "Celery before 5.7 does not read it"
    if celery.reads_old_names is None:
        return f"Celery before 5.7, which {celery} allows, does not read it"
    return f"{celery} does not read it"


def _without_namespace(raw: str, key: str) -> str:
    today = key.removeprefix("celery_")
    old = next((name for name, new in OLD_SETTINGS.items() if new == today and name != raw), today)
    return f'give config_from_object namespace="CELERY", or write {old}'
