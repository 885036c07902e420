"""The model of a project's users, which Django's settings name."""

import re

from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol

__all__ = ["USER", "means_user_model", "user_model"]

#: The one that Django brings, and registers in its admin itself.
USER = "django.contrib.auth.models.User"
_MEANS_IT = {"django.conf.settings.AUTH_USER_MODEL", "django.contrib.auth.get_user_model()", USER}
_SET = re.compile(rb"""^\s*AUTH_USER_MODEL\s*=\s*["']([\w.]+)["']""", re.MULTILINE)


def means_user_model(symbol: Symbol) -> bool:
    """Whether a name is `get_user_model()`, its setting or Django's own `User`."""
    return symbol.name in _MEANS_IT


def user_model(project: CeleryProject) -> Symbol:
    """The model that these stand for, by its label."""
    labels = {label for text in project.texts(b"AUTH_USER_MODEL") for label in _SET.findall(text)}
    return Symbol(labels.pop().decode() if len(labels) == 1 else USER)
