"""Annotations of GitHub Actions: a workflow command per finding, per skipped file, and about what was seen."""

from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding
from asyncgen.check.reports.sentences import summary_lines
from asyncgen.check.summary import Summary

__all__ = ["report_github"]


_TITLE = "title=asyncgen check"


def report_github(
    findings: list[Finding], summary: Summary, line_of: Callable[[Finding], str], stdout: IO[str]
) -> None:
    for finding in findings:
        place = (
            f"file={_property(finding.path)},line={finding.line},col={finding.column},"
            f"title={_property(f'{finding.code} {finding.name}')}"
        )
        print(f"::error {place}::{_data(f'{finding.message}; fix: {finding.fix}')}", file=stdout)
    for one in summary.skipped:
        place = f"file={_property(one.shown)},line={one.line or 1}"
        print(f"::warning {place},{_TITLE}::{_data(f'skipped, {one.detail}')}", file=stdout)
    seen = _data("; ".join(summary_lines(summary)))
    print(f"::{'notice' if summary.celery else 'warning'} {_TITLE}::{seen}", file=stdout)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
