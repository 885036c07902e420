"""Annotations of GitHub Actions: a workflow command per finding."""

from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding

__all__ = ["report_github"]


def report_github(findings: list[Finding], line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    for finding in findings:
        place = (
            f"file={_property(finding.path)},line={finding.line},col={finding.column},"
            f"title={_property(f'{finding.code} {finding.name}')}"
        )
        print(f"::error {place}::{_data(f'{finding.message}; fix: {finding.fix}')}", file=stdout)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
