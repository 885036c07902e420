"""What messages are written with, as far as settings tell."""

import ast
from collections.abc import Iterator

from asyncgen.check.celery.configuration.setting_names import SETTINGS
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.values import literal
from asyncgen.check.source.module import Module

__all__ = ["are_messages_pickled", "unread_serializers"]

#: Names of today in a module that has more of them: it holds Celery's settings.
_TODAY = ("task_serializer", "result_serializer", "event_serializer", "accept_content")
_MORE = 3
_NAMES = ("CELERY_TASK_SERIALIZER", "CELERY_RESULT_SERIALIZER", "CELERY_EVENT_SERIALIZER", "CELERY_ACCEPT_CONTENT")


def unread_serializers(project: CeleryProject, module: Module) -> Iterator[tuple[str, ast.expr]]:
    """Names that are Celery's alone, and their values, in settings that reach the application where no one sees it."""
    if project.configuration.known:
        return
    scopes: list[ast.Module | ast.ClassDef] = [module.tree, *module.classes]
    read = {setting.node for setting in project.configuration.settings}
    for scope in scopes:
        of_today = len(SETTINGS & module.names(scope).keys()) > _MORE and module.tree is scope
        for name in (*_NAMES, *_TODAY) if of_today else _NAMES:
            for binding in module.names(scope).get(name, []):
                if binding.kind == "value" and isinstance(binding.target, ast.expr) and binding.node not in read:
                    yield name, binding.target


def are_messages_pickled(project: CeleryProject) -> bool:
    """Whether some settings of the project say so."""
    values = [value for _, value in project.configuration.values("task_serializer")]
    values += [
        literal(project.names, module, value)
        for module in project.modules
        if _NAMES[0] in module.text
        for name, value in unread_serializers(project, module)
        if name == _NAMES[0]
    ]
    return any(value in {"pickle", "application/x-python-serialize"} for value in values if isinstance(value, str))
