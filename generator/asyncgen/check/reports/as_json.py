"""A list of findings: their fields but for those that only joining needs."""

import json
from collections.abc import Callable
from typing import IO

from asyncgen.check.findings.finding import Finding

__all__ = ["report_json"]


def report_json(findings: list[Finding], line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    print(json.dumps([finding.as_dict() for finding in findings], indent=2), file=stdout)
