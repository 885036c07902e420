"""What is new in a release: entries of its changelog, questions that it asks for the first time."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..releases import files_at
from ..source import Template

__all__ = ["changelog", "new_questions"]


def changelog(before: Template, after: Template) -> list[str]:
    """The lines of the newer changelog that the older one lacks, under the headings and lines that lead to them."""
    old, new = _sections(before), _sections(after)
    lines = []
    for heading, entries in new.items():
        fresh, leading = [], ""
        for entry in entries:
            if entry.endswith(":"):
                leading = entry
            elif entry not in old.get(heading, []):
                fresh += [leading, entry] if leading else [entry]
                leading = ""
        lines += [heading, *fresh] if fresh else []
    return lines


def _sections(template: Template) -> dict[str, list[str]]:
    """The entries and paragraphs of CHANGELOG.md by heading; what takes several lines becomes one."""
    file = files_at(template.repository, template.commit, ["CHANGELOG.md"]).get("CHANGELOG.md")
    found: dict[str, list[str]] = {}
    entries, after = None, ""
    for line in file.content.decode(errors="replace").splitlines() if file else ():
        if title := re.match(r"## (.+)", line):
            entries = found.setdefault(title[1].strip(), [])
        elif line.strip() and entries is not None:
            if line.startswith("- ") or not after or not entries:
                entries.append(line.strip())
            else:
                entries[-1] += f" {line.strip()}"
        after = line.strip()
    return found


def new_questions(known: Container[str], new: Iterable[str], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The questions that were not asked before, with the answers that they get."""
    return {name: answers.get(name) for name in new if name not in known}
