"""The model of a project's users, which Django's settings name."""

import re

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol

__all__ = ["USER", "user_model"]

#: The one that Django brings, and registers in its admin itself.
USER = "django.contrib.auth.models.User"
_MEANS_IT = {"django.conf.settings.AUTH_USER_MODEL", "django.contrib.auth.get_user_model()", USER}
_SET = re.compile(rb"""^\s*AUTH_USER_MODEL\s*=\s*["']([\w.]+)["']""", re.MULTILINE)


def user_model(project: CeleryProject, symbol: Symbol) -> Symbol | None:
    """The model that `get_user_model()`, its setting or Django's own `User` stands for, by its label; None for all
    else.
    """
    if symbol.name not in _MEANS_IT:
        return None
    texts = (module.text.encode() for module in project.modules if "AUTH_USER_MODEL" in module.text)
    labels = {label for text in texts for label in _SET.findall(text)} | project.found_aside(_SET)
    return Symbol(labels.pop().decode() if len(labels) == 1 else USER)
