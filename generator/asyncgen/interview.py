"""The questions of a template, put one by one: Copier says what follows from the answers before, others put them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import BadInput
from .questions import Question, question_from
from .rendering import cli_error, cli_errors, new_worker

if TYPE_CHECKING:
    from copier._user_data import Question as CopierQuestion

__all__ = ["Ask", "Asked", "interview", "load"]

_WHOSE = "the template"


@dataclass(frozen=True)
class Asked:
    """A question as it is put: the `number`th `of` those that nothing has answered.

    default: what follows from the answers before it; None where there is none, or where `problem` says why it is
    refused. check: raises BadInput for an answer that the template refuses.
    """

    question: Question
    number: int
    of: int
    default: Any
    problem: str
    check: Callable[[Any], None]


Ask = Callable[[Asked], Any]
"""Puts a question, and returns the answer: a value of the question's type that passes its check."""


def load() -> None:
    """Import Copier, for a caller who shows that it takes its time."""
    import copier._main  # noqa: F401  # of no use here


def interview(source: Path, destination: Path, answers: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """The answers, and with them those to the questions that they leave open.

    A question with one choice is not put. Raises BadInput for a given answer that the template refuses.

    source, destination: as for `render`; nothing is written there.
    """
    from copier._types import MISSING
    from copier._user_data import AnswersMap
    from copier._user_data import Question as CopierQuestion

    worker, completed = new_worker(source, destination, answers), dict(answers)
    known = worker.answers = AnswersMap()
    with cli_errors(_WHOSE):
        worker._check_unsafe("copy")
        asked = worker.template.questions_data
    left = [name for name, details in asked.items() if name not in answers and _is_put(name, details)]
    for name, details in asked.items():
        with cli_errors(_WHOSE):
            each = CopierQuestion(
                var_name=name, answers=known, context=worker._render_context(), jinja_env=worker.jinja_env, **details
            )
            put = name in left and each.get_when()
            if name in answers:
                known.user[name] = each.parse_answer(answers[name])
                each.validate_answer(known.user[name])
            elif not put and (default := each.get_default()) is not MISSING:
                known.user[name] = default
        if put:
            known.user[name] = completed[name] = ask(_asked(each, question_from(name, details), left))
    return completed


def _is_put(name: str, details: Mapping[str, Any]) -> bool:
    question = question_from(name, details)
    return details.get("when") is not False and (question.several or len(question.choices) != 1)


def _asked(rendered: "CopierQuestion", question: Question, left: list[str]) -> Asked:
    from copier._types import MISSING

    def check(answer: Any) -> None:
        try:
            rendered.validate_answer(answer)
        except ValueError as error:
            raise BadInput(str(cli_error(error, _WHOSE))) from error

    default, problem = None, ""
    with cli_errors(_WHOSE):
        try:
            default = rendered.get_default()
        except ValueError as error:
            problem = str(cli_error(error, _WHOSE))
    if default is MISSING:
        default = None
    return Asked(question, left.index(question.name) + 1, len(left), default, problem, check)
