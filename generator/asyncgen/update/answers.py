"""The answers that an update renders with: the recorded ones and the new ones. None is reset silently."""

from collections.abc import Collection, Mapping
from typing import Any

from ..errors import BadInput, Refused
from ..questions import Question
from .history import History, chain

__all__ = ["migrate_answers", "old_answers"]


def old_answers(recorded: Mapping[str, Any], asked: Mapping[str, Question]) -> dict[str, Any]:
    """The recorded answers to questions that the template asked: nothing else may reach its render."""
    return {name: value for name, value in recorded.items() if name in asked}


def migrate_answers(
    recorded: Mapping[str, Any],
    given: Mapping[str, Any],
    before: Collection[str],
    asked: Mapping[str, Question],
    history: History,
) -> tuple[dict[str, Any], list[str]]:
    """The answers for the new release, and a note for each that became another.

    given: what the user answers now; it wins. before: the names of the questions that the recorded release asks.
    Raises Refused for a recorded choice that is gone and has no successor: only the user can choose another.
    """
    if "package" in given and given["package"] != recorded.get("package"):
        raise BadInput(
            f"expected package to stay {recorded.get('package')}, under which your tasks are imported and published, "
            f"got: {given['package']}; make a new service with asyncgen new"
        )
    answers: dict[str, Any] = {}
    notes: list[str] = []
    for old, value in recorded.items():
        name = chain(old, history.questions, before)[-1]
        if name not in asked or name in answers:
            if not old.startswith("_"):
                notes.append(f"{old} is no longer asked; your answer was {value}.")
            continue
        if name != old:
            notes.append(f"{old} is called {name} now; your answer is kept.")
        if name not in given:
            answers[name] = _migrated(asked[name], value, history.choices.get(name, {}), notes)
    return {**answers, **given}, notes


def _migrated(question: Question, value: Any, successors: Mapping[str, str], notes: list[str]) -> Any:
    if not question.choices:
        return value
    items = value if isinstance(value, list) else [value]
    kept = []
    for item in items:
        if str(item) in question.choices:
            kept.append(item)
            continue
        successor = next((name for name in chain(str(item), successors) if name in question.choices), None)
        if successor is None:
            raise Refused(
                f"expected {question.name} to be one of {', '.join(question.choices)}, got: {item}, a choice that the "
                f"new release no longer has; choose with -d {question.name}=VALUE"
            )
        notes.append(f"{question.name}: {item} is gone; {successor} takes its place.")
        kept.append(successor)
    return list(dict.fromkeys(kept)) if isinstance(value, list) else kept[0]
