"""Rendering with Copier: the one module that imports it, which costs a second."""

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import AsyncgenError, BadInput, Refused

if TYPE_CHECKING:
    from copier._main import Worker

__all__ = ["render"]


def render(
    src: str,
    commit: str | None,
    destination: Path,
    answers: Mapping[str, Any],
    *,
    ask: bool = False,
    exclude: Sequence[str] = (),
    record: tuple[str, str] | None = None,
) -> None:
    """Render a template into a folder.

    src: the template as a project records it, or a plain folder of it, where Copier asks git nothing.
    commit: which commit of `src`; None for a plain folder.
    ask: put the questions that `answers` leaves open; else they take their defaults.
    exclude: patterns of paths that are not rendered, besides the template's own.
    record: what the project records as `_src_path` and `_commit`, where that is not what it is rendered from.
    """
    from copier._settings import SettingsModel
    from copier.errors import CopierAnswersInterrupt, CopierError
    from jinja2 import TemplateError

    try:
        with warnings.catch_warnings():
            # `Template.notice` says in a sentence what Copier warns of.
            warnings.simplefilter("ignore")
            with _worker(record)(
                src_path=src,
                dst_path=destination,
                data=dict(answers),
                vcs_ref=commit,
                # A user's own settings would make `--defaults` mean something else on each machine, and trust tasks.
                settings=SettingsModel(),
                defaults=not ask,
                quiet=True,
                exclude=exclude,
            ) as worker:
                worker.run_copy()
    except CopierAnswersInterrupt as interrupt:
        raise KeyboardInterrupt from interrupt
    except (CopierError, TemplateError, ValueError) as error:
        raise _in_one_voice(error, src, commit) from error


def _worker(record: tuple[str, str] | None) -> type["Worker"]:
    """Copier's worker; its public functions can record nothing but where they render from."""
    from copier._main import Worker

    class Rendering(Worker):
        def _answers_to_remember(self) -> Mapping[str, Any]:
            answers = super()._answers_to_remember()
            return {"_commit": record[1], "_src_path": record[0], **_public(answers)} if record else answers

        def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
            """Ask git nothing for each file: what is rendered here is in no index yet."""

    return Rendering


def _public(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer for name, answer in answers.items() if not name.startswith("_")}


def _in_one_voice(error: Exception, src: str, commit: str | None) -> AsyncgenError:
    text = " ".join(str(error).split())
    if answer := re.match(r"Validation error for question '(\w+)': expected (.*)", text):
        return BadInput(f"expected {answer[1]} to be {answer[2]}")
    if missing := re.match(r'Question "(\w+)" is required', text):
        return BadInput(
            f"expected an answer to {missing[1]}, which has no default, got: none; give -d {missing[1]}=VALUE"
        )
    at = f" at {commit[:7]}" if commit else ""
    return Refused(f"expected the template {src}{at} to be rendered, got: {text}; name another commit with --ref")
