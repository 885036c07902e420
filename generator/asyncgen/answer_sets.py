"""Answers taken as a whole: those of a preset, or of another project. Neither says who or where a service is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .author import SETTINGS
from .errors import BadInput
from .names import ANSWERS_FILE, nearest
from .presets import PRESETS
from .questions import Question, answers_from
from .reading import read_file
from .safe_yaml import load_mapping

__all__ = ["starting_answers"]

_OF_ONE_PROJECT = ("service_name", "package", "subfolder", *SETTINGS)


def starting_answers(
    preset: str | None, like: str | None, known: Mapping[str, Question]
) -> tuple[dict[str, Any], list[str]]:
    """The answers of a preset or of another project, and notes on what of them is not used; none without either."""
    if preset is not None and like is not None:
        raise BadInput("expected --preset or --like, got: both; leave one of them out, and give flags for the rest")
    if preset is not None:
        return _preset(preset, known), []
    return _like(like, known) if like is not None else ({}, [])


def _preset(name: str, known: Mapping[str, Question]) -> dict[str, Any]:
    """The answers of a preset to all questions but who and where the service is; BadInput for a name that has none."""
    if name not in PRESETS:
        near = nearest(name, PRESETS)
        fix = f"; did you mean {near}?" if near else ""
        raise BadInput(f"expected --preset to be one of {', '.join(PRESETS)}, got: {name}{fix}")
    usual = {each: question.default for each, question in known.items() if question.default is not None}
    return answers_from(_shared({**usual, **PRESETS[name]}), known)


def _like(place: str, known: Mapping[str, Question]) -> tuple[dict[str, Any], list[str]]:
    """The answers in a project's answers file, or in the one of its folder; BadInput for what is none."""
    file = Path(place) / ANSWERS_FILE if Path(place).is_dir() else Path(place)
    try:
        loaded = {name: value for name, value in load_mapping(read_file(file)).items() if not name.startswith("_")}
    except (OSError, ValueError) as error:
        got = getattr(error, "strerror", None) or error
        raise BadInput(f"expected {file} to hold a service's answers, got: {got}; name a {ANSWERS_FILE}") from error
    found = {name: value for name, value in loaded.items() if name in known}
    if not found:
        raise BadInput(f"expected {file} to hold a service's answers, got: none; name a {ANSWERS_FILE}")
    try:
        answers = answers_from(_shared(found), known)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from error
    return answers, [f"{file} answers {name}, which is not asked." for name in loaded if name not in known]


def _shared(answers: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in answers.items() if name not in _OF_ONE_PROJECT}
