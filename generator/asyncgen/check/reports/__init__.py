"""The forms in which findings are told."""

from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding
from asyncgen.check.reports.as_github import report_github
from asyncgen.check.reports.as_json import report_json
from asyncgen.check.reports.as_sarif import report_sarif
from asyncgen.check.reports.as_text import report_text

__all__ = ["REPORTS", "Report"]

Report = Callable[[list[Finding], Callable[[Finding], str], IO[str]], None]

REPORTS: dict[str, Report] = {
    "text": report_text,
    "json": report_json,
    "sarif": report_sarif,
    "github": report_github,
}
