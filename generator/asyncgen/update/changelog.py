"""What is new in a release: entries of its changelog, questions that it asks for the first time."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..releases import files_at
from ..source import Template

__all__ = ["changelog", "new_questions"]


def changelog(before: Template, after: Template) -> list[str]:
    """The lines of the newer changelog that the older one lacks, under their headings."""
    old, new = _sections(before), _sections(after)
    lines = []
    for heading, entries in new.items():
        known = set(old.get(heading, []))
        if fresh := [entry for entry in entries if entry not in known]:
            lines += [heading, *fresh]
    return lines


def _sections(template: Template) -> dict[str, list[str]]:
    """The entries of CHANGELOG.md by heading; an entry that takes several lines becomes one."""
    file = files_at(template.repository, template.commit, ["CHANGELOG.md"]).get("CHANGELOG.md")
    found: dict[str, list[str]] = {}
    heading = ""
    for line in file.content.decode(errors="replace").splitlines() if file else ():
        if title := re.match(r"## (.+)", line):
            heading = title[1].strip()
        elif line.startswith("- ") and heading:
            found.setdefault(heading, []).append(line.strip())
        elif line.startswith("  ") and found.get(heading):
            found[heading][-1] += f" {line.strip()}"
    return found


def new_questions(known: Container[str], new: Iterable[str], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The questions that were not asked before, with the answers that they get."""
    return {name: answers.get(name) for name in new if name not in known}
