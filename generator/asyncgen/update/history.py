"""`template/history.yml`: the renames since earlier releases of the template.

An update over several releases gives what the updates one by one would have given. So names are followed to the end
of their chain; but not by an entry that the recorded release's own history has, nor to a name that the recorded release
has itself. Both say that the rename was made before it: whatever has the old name there is something else.
"""

from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..bundle import File
from ..errors import Refused
from ..safe_yaml import load_mapping

__all__ = ["History", "chain", "load"]

_FILE = "template/history.yml"


@dataclass(frozen=True)
class History:
    """questions, files and names: new ones by old ones.

    choices: the successors of removed choices, by every name that their question had from then on.
    names: what the modules of a service define, by dotted name.
    unmaintained: what to do with edits of files that nothing followed, by pattern.
    """

    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    unmaintained: Mapping[str, str] = field(default_factory=dict)


def load(files: Mapping[str, File], earlier: Mapping[str, File], answers: Mapping[str, Any]) -> History:
    """The renames of a template's history since an earlier release of it; Refused for a circle.

    answers: the recorded ones, such as `package`; the history is rendered with them.
    """
    history, done = _read(files, answers), History()
    with suppress(Refused):
        done = _read(earlier, answers)
    for names in (history.questions, history.files, history.names, *history.choices.values()):
        for name in names:
            chain(name, names)
    choices: dict[str, dict[str, str]] = {}
    for question, successors in history.choices.items():
        for name in chain(question, history.questions):
            choices.setdefault(name, {}).update(successors)
    since = {
        name: _since(getattr(done, name), getattr(history, name))
        for name in ("questions", "files", "names", "unmaintained")
    }
    return History(choices, **since)


def chain(name: str, successors: Mapping[str, str], taken: Container[str] = ()) -> list[str]:
    """A name and those that followed it, the present one last; it ends before a name of `taken`."""
    names = [name]
    while (new := successors.get(names[-1])) is not None and new not in taken:
        if new in names:
            raise Refused(
                f"expected {_FILE} of the template to lead each old name to a new one, got: a circle, "
                f"{', '.join([*names, new])}; use another release with --to"
            )
        names.append(new)
    return names


def _read(files: Mapping[str, File], answers: Mapping[str, Any]) -> History:
    if _FILE not in files:
        return History()
    from jinja2.sandbox import SandboxedEnvironment

    try:
        text = SandboxedEnvironment(trim_blocks=True).from_string(files[_FILE].content.decode()).render(answers)
        read = load_mapping(text.encode())
        choices = {str(name): _names(mapped) for name, mapped in (read.get("choices") or {}).items()}
        kinds = ("questions", "files", "names", "unmaintained")
        return History(choices, **{kind: _names(read.get(kind) or {}) for kind in kinds})
    except Exception as error:
        # As in a render, an expression raises what it likes.
        raise Refused(
            f"expected {_FILE} of the template to map old names to new ones, got: {error}; "
            "use another release with --to"
        ) from error


def _names(mapped: Mapping[Any, Any]) -> dict[str, str]:
    """As text, which answers are compared as; without those that nothing followed."""
    if wrong := [new for new in mapped.values() if not isinstance(new, str | int | float | None)]:
        raise TypeError(f"{wrong[0]} in place of a name")
    return {str(old): str(new) for old, new in mapped.items() if new is not None}


def _since(done: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in now.items() if done.get(old) != new}
