"""`template/history.yml`: what became of what earlier releases of the template had."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..bundle import File
from ..errors import Refused
from ..safe_yaml import load_mapping

__all__ = ["History", "load"]

_FILE = "template/history.yml"


@dataclass(frozen=True)
class History:
    """choices: by question, the successor of a removed choice. questions and files: new names by old ones."""

    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def load(files: Mapping[str, File], package: str) -> History:
    """The history in a template's files; `{{package}}` in a path stands for the service's package."""
    if _FILE not in files:
        return History()
    try:
        read = load_mapping(files[_FILE].content)
        choices, questions = dict(read.get("choices") or {}), dict(read.get("questions") or {})
        renamed = {_path(old, package): _path(new, package) for old, new in (read.get("files") or {}).items()}
        return History({name: dict(mapped) for name, mapped in choices.items()}, questions, renamed)
    except (AttributeError, TypeError, ValueError) as error:
        raise Refused(
            f"expected {_FILE} of the template to map old names to new ones, got: {error}; "
            "use another release with --to"
        ) from error


def _path(path: object, package: str) -> str:
    return str(path).replace("{{package}}", package)
