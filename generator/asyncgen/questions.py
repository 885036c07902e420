"""The questions of copier.yml, and the answers that a command line gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import BadInput, Refused
from .names import nearest
from .safe_yaml import load_mapping
from .source import Template, read

__all__ = ["Question", "answers_from", "config", "question_from", "questions", "value_of"]


@dataclass(frozen=True)
class Question:
    """A question of copier.yml: `choices` are its values, () for free text; `default` is None if it is computed.

    consequences: of each choice, what its label says behind the value.
    """

    name: str
    kind: str
    choices: tuple[str, ...]
    several: bool
    default: Any
    help: str = ""
    consequences: tuple[str, ...] = ()


def config(text: str | bytes, template: Template) -> dict[str, Any]:
    """The settings and questions in the text of a template's copier.yml; Refused if there are none."""
    try:
        loaded, got = load_mapping(text), "none"
    except ValueError as error:
        loaded, got = {}, str(error)
    if not loaded:
        raise Refused(
            f"expected copier.yml of the template {template.src} at {template.commit[:7]} to hold its questions, "
            f"got: {got}; use another release of it"
        )
    return loaded


def questions(template: Template, text: str | bytes | None = None) -> dict[str, Question]:
    """The questions that the template asks, in order; the derived ones are not among them.

    text: its copier.yml, where that was read before.
    """
    found = {}
    text = read(template, ["copier.yml"]).get("copier.yml", "") if text is None else text
    for name, value in config(text, template).items():
        # `name: default` is short for a question without more.
        details = value if isinstance(value, dict) else {"default": value}
        if name.startswith("_") or details.get("when") is False:
            continue
        found[name] = question_from(name, details)
    return found


def question_from(name: str, details: Mapping[str, Any]) -> Question:
    """A question as copier.yml spells it out."""
    choices, default = details.get("choices", {}), details.get("default")
    labels = {str(value): str(value) for value in choices}
    if isinstance(choices, dict):
        labels = {str(value): str(label) for label, value in choices.items()}
    return Question(
        name,
        details.get("type", "str"),
        tuple(labels),
        bool(details.get("multiselect")),
        None if isinstance(default, str) and "{{" in default else default,
        str(details.get("help", "")),
        tuple(label.removeprefix(f"{value}: ") for value, label in labels.items()),
    )


def answers_from(given: Mapping[str, object], known: Mapping[str, Question]) -> dict[str, Any]:
    """The given answers as values of their questions' types; BadInput for an unknown key or value."""
    answers = {}
    for name, value in given.items():
        if name not in known:
            near = nearest(name, known)
            fix = f"did you mean {near}?" if near else "see asyncgen new --help"
            raise BadInput(f"expected a question of the template, got: {name}; {fix}")
        answers[name] = value_of(known[name], value)
    return answers


def value_of(question: Question, value: object) -> object:
    """An answer, given as text, as a value of the question's type; BadInput for one that it does not have."""
    if question.several:
        items = value if isinstance(value, list) else re.split(r"[,\s]+", str(value).strip("[] "))
        return [] if items == ["none"] else [_choice(question, item) for item in items if item]
    if question.kind == "bool" and not isinstance(value, bool):
        spelt = {"true": True, "yes": True, "false": False, "no": False}
        if str(value).lower() not in spelt:
            raise BadInput(f"expected {question.name} to be true or false, got: {value}")
        return spelt[str(value).lower()]
    return _choice(question, value) if question.choices else value


def _choice(question: Question, value: object) -> str:
    if str(value) in question.choices:
        return str(value)
    near = nearest(str(value), question.choices)
    fix = f"; did you mean {near}?" if near else ""
    raise BadInput(f"expected {question.name} to be {_or(question.choices)}, got: {value}{fix}")


def _or(choices: tuple[str, ...]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
