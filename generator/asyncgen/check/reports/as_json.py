"""An object: `findings`, without the fields that only joining needs, and the `summary` of what was seen."""

import json
from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding
from asyncgen.check.summary import Summary

__all__ = ["report_json"]


def report_json(findings: list[Finding], summary: Summary, line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    content = {"findings": [finding.as_dict() for finding in findings], "summary": summary.as_dict()}
    print(json.dumps(content, indent=2), file=stdout)
