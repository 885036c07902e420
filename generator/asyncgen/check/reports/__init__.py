"""The forms in which findings, and what was seen, are told."""

from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding
from asyncgen.check.reports.as_github import report_github
from asyncgen.check.reports.as_json import report_json
from asyncgen.check.reports.as_sarif import report_sarif
from asyncgen.check.reports.as_text import report_text
from asyncgen.check.reports.sentences import summary_lines
from asyncgen.check.summary import Summary

__all__ = ["REPORTS", "Report", "summary_lines"]

Report = Callable[[list[Finding], Summary, Callable[[Finding], str], IO[str]], None]

REPORTS: dict[str, Report] = {
    "text": report_text,
    "json": report_json,
    "sarif": report_sarif,
    "github": report_github,
}
