"""Findings that a code base already had: they are counted by what the line says, not by where it stands."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from asyncgen.check.findings.finding import Finding
from asyncgen.check.findings.fingerprint import fingerprint
from asyncgen.errors import BadInput

__all__ = ["read_baseline", "remaining", "write_baseline"]

_VERSION = 1
#: Gives the text of a finding's line.
LineOf = Callable[[Finding], str]


def read_baseline(file: Path) -> Counter[str]:
    """Raises BadInput for a file that is missing or is no baseline."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
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
    for finding in findings:
        key = fingerprint(finding, line_of(finding), file.resolve().parent)
        entry = entries.setdefault(key, {"code": finding.code, "path": finding.path, "count": 0})
        entry["count"] = int(entry["count"]) + 1
    content = {"version": _VERSION, "findings": dict(sorted(entries.items()))}
    try:
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"expected to write {file}, got: {error.strerror or error}") from None


def remaining(findings: list[Finding], known: Counter[str], line_of: LineOf, folder: Path) -> list[Finding]:
    """The findings beyond those that the baseline counts."""
    left = Counter(known)
    new = []
    for finding in findings:
        key = fingerprint(finding, line_of(finding), folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(finding)
    return new
