"""Findings that a code base already had: they are counted by what the line says, not by where it stands."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from asyncgen.check.findings.finding import Finding, Related
from asyncgen.check.findings.fingerprint import fingerprint
from asyncgen.check.findings.joined import listed
from asyncgen.errors import BadInput
from asyncgen.reading import read_file

__all__ = ["read_baseline", "remaining", "write_baseline"]

_VERSION = 1
#: Gives the text of a finding's line.
LineOf = Callable[[Finding], str]


def read_baseline(file: Path) -> Counter[str]:
    """Raises BadInput for a file that is missing or is no baseline."""
    try:
        content = json.loads(read_file(file))
        entries = content["findings"]
        if content["version"] != _VERSION or not isinstance(entries, dict):
            raise ValueError(f"version {content['version']!r}")
        return Counter({str(key): int(entry["count"]) for key, entry in entries.items()})
    except OSError as error:
        reason = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise BadInput(f"expected {file} to be a baseline, got: {reason}; make one with `asyncgen check --write-baseline`")


def write_baseline(file: Path, findings: list[Finding], line_of: LineOf) -> None:
    """Raises BadInput where it cannot be written."""
    entries: dict[str, dict[str, str | int]] = {}
    for finding in (part for whole in findings for part in whole.parts()):
        key = fingerprint(finding, line_of(finding), file.resolve().parent)
        entry = entries.setdefault(key, {"code": finding.code, "path": finding.path, "count": 0})
        entry["count"] = int(entry["count"]) + 1
    content = {"version": _VERSION, "findings": dict(sorted(entries.items()))}
    try:
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"expected to write {file}, got: {error.strerror or error}") from None


def remaining(findings: list[Finding], known: Counter[str], line_of: LineOf, folder: Path) -> list[Finding]:
    """The findings beyond those that the baseline counts; of one about several places, what it says of new places."""
    left = Counter(known)

    def is_new(finding: Finding) -> bool:
        key = fingerprint(finding, line_of(finding), folder)
        left[key] -= 1
        return left[key] < 0

    new = []
    for finding in findings:
        parts = [part for part in finding.parts() if is_new(part)]
        if parts and len(parts) < len(finding.related):
            names = listed([part.subject for part in parts])
            related = tuple(Related(part.path, part.line, part.column, part.subject) for part in parts)
            new.append(finding._replace(message=f"{finding.message}; not in the baseline: {names}", related=related))
        elif parts:
            new.append(finding)
    return new
