"""The questions of a new service, from copier.yml."""

from typing import Any

import yaml

from asyncgen.presets import PRESETS
from tests.template.rendering import ROOT

from .markdown import table

__all__ = ["page"]

HEAD = """# Questions

`asyncgen new` asks these; each has a flag, such as `--broker`, and `-d QUESTION=ANSWER` takes any of them.
Without a terminal, and with `--defaults`, what is not given takes its default, and the author is the one of git.
`asyncgen update -d QUESTION=ANSWER` changes the answer of a service that is there.

`--preset` takes the defaults but for what the table says; `--like` the answers of another service, but for its names
and its author.

"""


def page() -> str:
    """Each question with its answers."""
    entries: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text())
    asked = {name: entry for name, entry in entries.items() if name[0] != "_" and entry.get("when", True)}
    rows = [
        (f"`{name}`", ", ".join(f"`{each}`: {_default(value)}" for each, value in answers.items()))
        for name, answers in PRESETS.items()
    ]
    presets = table(["preset", "answers that are not the default"], rows)
    return f"{HEAD}{presets}\n" + "\n".join(_question(name, entry) for name, entry in asked.items())


def _question(name: str, entry: dict[str, Any]) -> str:
    several = ", any number of them" if entry.get("multiselect") else ""
    text = f"## {name}\n\n{entry['help']}{several}. Default: {_default(entry['default'])}.\n"
    if choices := entry.get("choices"):
        rows = [(f"`{value}`", label.partition(": ")[2]) for label, value in choices.items()]
        return f"{text}\n{table(['answer', 'what it means'], rows)}"
    return text


def _default(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value) or "none"
    if isinstance(value, str) and "{{" in value:
        return "follows from the folder's or the service's name"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"
