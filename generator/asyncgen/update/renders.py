"""The two renders that an update compares: of the recorded release and answers, and of the new ones."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..bundle import File
from ..errors import Refused
from ..interview import Ask, interview
from ..questions import config
from ..releases import files_at
from ..rendering import render
from ..safe_yaml import load_mapping
from ..source import Template
from ..trees import fill, read_tree

__all__ = ["exclusions", "fetch", "is_users", "rendered"]

_RUNS_CODE = ("_tasks", "_migrations", "_jinja_extensions", "_external_data")


def fetch(template: Template) -> dict[str, File]:
    """The template's files at its commit; Refused for one that would run code or read what it should not."""
    files = files_at(template.repository, template.commit, ["copier.yml", "template"])
    loaded = config(files["copier.yml"].content if "copier.yml" in files else b"", template)
    if found := [key for key in _RUNS_CODE if loaded.get(key)]:
        raise Refused(
            f"expected the template {template.src} to run no code and read no other file, got: {', '.join(found)}; "
            "use a template without"
        )
    return files


def exclusions(files: Mapping[str, File]) -> list[str]:
    """The paths that the template leaves to the user in an update, by its `_exclude`."""
    loaded = load_mapping(files["copier.yml"].content)
    try:
        return list(_on_update(loaded.get("_exclude") or []))
    except Exception as error:
        # As in a render, an expression may raise any error.
        raise Refused(
            f"expected _exclude of the template to be rendered, got: {str(error) or type(error).__name__}; "
            "use another release with --to"
        ) from error


def _on_update(patterns: list[str]) -> Iterator[str]:
    from jinja2.sandbox import SandboxedEnvironment

    for pattern in patterns:
        if "_copier_operation" in pattern:
            yield from SandboxedEnvironment().from_string(pattern).render(_copier_operation="update").split("\n")


def is_users(path: str, package: str) -> bool:
    """Whether a file belongs to the user from the moment it is made, in every release: tasks and workflows."""
    packages = rf"(src/{re.escape(package)}|tests)/(tasks|workflows)/"
    return bool(re.match(packages, path)) and path not in (
        f"src/{package}/tasks/__init__.py",
        f"src/{package}/workflows/__init__.py",
    )


def rendered(
    files: Mapping[str, File],
    answers: Mapping[str, Any],
    folder: Path,
    name: str,
    record: tuple[str, str],
    *,
    exclude: list[str],
    ask: Ask | None = None,
) -> dict[str, File]:
    """The project that a template makes of the answers.

    folder: an empty folder of the scratch; `name`: that of the project's folder, from which a default is made.
    record: `_src_path` and `_commit` as the project records them.
    ask: puts the questions that `answers` leaves open; else they take their defaults.
    """
    source, destination = fill(folder / "template", files), folder / "project" / name
    answers = interview(source, destination, answers, ask) if ask else answers
    render(source, destination, answers, record=record, exclude=exclude)
    return read_tree(destination)
