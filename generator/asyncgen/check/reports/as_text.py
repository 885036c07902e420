"""For people: place, what is wrong, the line with a caret, how to mend it. What was seen goes to standard error."""

import unicodedata
from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding, Related
from asyncgen.check.summary import Summary

__all__ = ["report_text"]

_LONGEST = 120
_FILES = 5


def report_text(findings: list[Finding], summary: Summary, line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    for finding in findings:
        place = f"{finding.path}:{finding.line}:{finding.column}"
        print(f"{place}: {finding.code} {finding.name}: {finding.message}", file=stdout)
        line = line_of(finding).rstrip()
        if line:
            shown, caret = _window(line, finding.column - 1)
            print(f"    {shown}\n    {caret}^", file=stdout)
        for place in _places(finding.related):
            print(f"    at {place}", file=stdout)
        print(f"    fix: {finding.fix}\n", file=stdout)
    if findings:
        files = len({finding.path for finding in findings})
        one = len(findings) == 1
        print(
            f"{len(findings)} finding{'' if one else 's'} in {files} file{'' if files == 1 else 's'}; "
            f"`asyncgen check --explain {findings[0].code}` tells more",
            file=stdout,
        )


def _places(related: tuple[Related, ...]) -> list[str]:
    """The places of a joined finding, a line for each of the first few files."""
    lines: dict[str, list[str]] = {}
    for place in related:
        lines.setdefault(place.path, []).append(str(place.line))
    shown = [f"{path}:{', '.join(dict.fromkeys(numbers))}" for path, numbers in lines.items()]
    more = len(shown) - _FILES
    return shown if more <= 1 else [*shown[:_FILES], f"{more} more files: --format json names them"]


def _window(line: str, offset: int) -> tuple[str, str]:
    """The part of a long line around the place, and the blanks below it. Tabs stay tabs."""
    start = max(0, offset - _LONGEST // 2) if len(line) > _LONGEST else 0
    shown = line[start : start + _LONGEST]
    before = shown[: offset - start]
    blanks = "".join("\t" if char == "\t" else " " * _width(char) for char in before)
    return shown, blanks


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
