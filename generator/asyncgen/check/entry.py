"""From the flags of `asyncgen check` to an exit code."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import IO

from asyncgen.check.engine import check_paths
from asyncgen.check.findings.baseline import read_baseline, remaining
from asyncgen.check.findings.baseline import write_baseline as record
from asyncgen.check.findings.finding import Finding
from asyncgen.check.options import load_options
from asyncgen.check.reports import REPORTS, summary_lines
from asyncgen.check.rules import CODES
from asyncgen.check.source.files import decode, read
from asyncgen.check.summary import Summary
from asyncgen.errors import BadInput

__all__ = ["explain", "findings_of", "run"]


def run(
    paths: Sequence[Path],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    format: str = "text",  # noqa: A002 # the name of the flag
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    statistics: bool = False,
    stdout: IO[str],
    stderr: IO[str],
) -> int:
    """Checks and reports. 0 without findings, 1 with some; raises BadInput for flags that cannot be used.

    Findings go to `stdout` in the format asked for (`text`, `json`, `sarif`, `github`), then what was skipped and seen
    to `stderr`. With `write_baseline` the findings are written there instead, and count as none.
    """
    if format not in REPORTS:
        raise BadInput(f"expected --format to be one of {', '.join(REPORTS)}, got: {format}")
    lines = _Lines()
    if write_baseline is not None:
        findings, summary = check_paths(_given(paths), load_options(_given(paths), select, ignore, baseline))
        record(write_baseline, findings, lines.of)
        print(f"wrote {_places(findings)} findings to {write_baseline}", file=stderr)
        _tell(summary, stderr)
        return 0
    findings, summary = findings_of(paths, select=select, ignore=ignore, baseline=baseline, line_of=lines.of)
    if statistics:
        _statistics(findings, stdout)
    else:
        REPORTS[format](findings, summary, lines.of, stdout)
    print(end="", file=stdout, flush=True)  # what was seen stands at the end where both go to one place
    _tell(summary, stderr)
    if format == "text" and summary.celery and not findings:
        print("no other findings" if summary.in_baseline else "no findings", file=stderr)
    return 1 if findings else 0


def findings_of(
    paths: Sequence[Path],
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    baseline: Path | None = None,
    line_of: Callable[[Finding], str] | None = None,
) -> tuple[list[Finding], Summary]:
    """The findings without those that the baseline has, and what was seen; BadInput for what cannot be used.

    line_of: tells the text of a finding's line.
    """
    given = _given(paths)
    options = load_options(given, select, ignore, baseline)
    known = read_baseline(options.baseline) if options.baseline is not None else None
    findings, summary = check_paths(given, options)
    if known is None or options.baseline is None:
        return findings, summary
    left = remaining(findings, known, line_of or _Lines().of, options.baseline.resolve().parent)
    return left, summary._replace(in_baseline=_places(findings) - _places(left))


def explain(code: str) -> str:
    """A rule's page. Raises BadInput for a code or name that no rule has."""
    for rule in CODES:
        if code.upper() == rule.code or code.lower() == rule.name:
            return rule.page()
    known = ", ".join(rule.code for rule in CODES)
    raise BadInput(f"expected the code or name of a rule, got: {code}; one of {known}")


def _given(paths: Sequence[Path]) -> list[Path]:
    return [Path(path) for path in paths] or [Path()]


def _places(findings: list[Finding]) -> int:
    """As a baseline counts: each place of a finding about several."""
    return sum(len(finding.parts()) for finding in findings)


def _tell(summary: Summary, stderr: IO[str]) -> None:
    for skipped in summary.skipped:
        print(f"note: {skipped}", file=stderr)
    for line in summary_lines(summary):
        print(line, file=stderr)


def _statistics(findings: list[Finding], stdout: IO[str]) -> None:
    counts = Counter((finding.code, finding.name) for finding in findings)
    for (code, name), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:6}  {code} {name}", file=stdout)


class _Lines:
    """The text of a finding's line, each file read once."""

    def __init__(self) -> None:
        self._of_file = cache(self._read)

    def of(self, finding: Finding) -> str:
        lines = self._of_file(finding.path)
        return lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""

    @staticmethod
    def _read(path: str) -> list[str]:
        try:
            content = read(Path(path))
            return decode(content).split("\n") if content is not None else []
        except (OSError, SyntaxError, LookupError, ValueError):
            return []
