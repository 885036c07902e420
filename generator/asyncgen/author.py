"""Who answers for a new service: git's identity, else the one that was given the last time."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .errors import AsyncgenError
from .git import GitError, git
from .places import STATE, user_folder
from .safe_yaml import load_mapping

__all__ = ["SETTINGS", "author", "configured", "known_author", "remember"]

SETTINGS = {"author_name": "user.name", "author_email": "user.email"}
"""The questions about the author, and git's setting for each."""


def configured(setting: str) -> str:
    """The value of a setting in the user's git configuration; "" where it has none."""
    try:
        return git("config", "--global", "--get", setting)
    except GitError:
        return ""


def author() -> dict[str, str]:
    """The answers that are known, under the names of the questions."""
    known = {name: value for name, setting in SETTINGS.items() if (value := configured(setting))}
    remembered: dict[str, Any] = {}
    with suppress(AsyncgenError, OSError, ValueError):
        remembered = load_mapping(_file().read_bytes())
    # Half of one person and half of another is nobody.
    if any(remembered.get(name) != value for name, value in known.items()):
        return known
    return {name: str(remembered[name]) for name in SETTINGS if remembered.get(name)}


def known_author(given: Mapping[str, Any], known: Collection[str]) -> dict[str, str]:
    """The answers that are known to the questions `known`, unless those that are given name an author."""
    return {} if SETTINGS.keys() & given else {name: value for name, value in author().items() if name in known}


def remember(answers: Mapping[str, Any]) -> None:
    """Keep the author of these answers for the next time; a home that cannot be written keeps nothing."""
    known = {name: answers[name] for name in SETTINGS if answers.get(name)}
    with suppress(AsyncgenError, OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(known), encoding="utf-8")


def _file() -> Path:
    return user_folder(STATE) / "asyncgen" / "author.json"
