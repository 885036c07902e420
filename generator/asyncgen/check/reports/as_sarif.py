"""SARIF 2.1.0, as code scanning reads it: findings are results, and what was seen is told of the invocation."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from asyncgen.check.findings.finding import Finding
from asyncgen.check.findings.fingerprint import fingerprint
from asyncgen.check.reports.sentences import summary_lines
from asyncgen.check.rules import CODES
from asyncgen.check.summary import Summary

__all__ = ["report_sarif"]


def report_sarif(findings: list[Finding], summary: Summary, line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "invocations": [_invocation(summary)],
                "results": _results(findings, line_of),
            }
        ],
    }
    print(json.dumps(log, indent=2), file=stdout)


def _driver() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version("asyncgen")
    except PackageNotFoundError:
        release = "0"
    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.summary()},
            "fullDescription": {"text": rule.page()},
            "help": {"text": rule.page()},
        }
        for rule in CODES
    ]
    return {"name": "asyncgen", "version": release, "rules": rules}


def _invocation(summary: Summary) -> dict[str, Any]:
    notifications: list[dict[str, Any]] = [
        {
            "descriptor": {"id": f"skipped-{skipped.reason}"},
            "level": "warning",
            "message": {"text": f"skipped, {skipped.detail}"},
            "locations": [_location(skipped.shown, skipped.line)],
        }
        for skipped in summary.skipped
    ]
    notifications.append(
        {
            "descriptor": {"id": "summary"},
            "level": "note" if summary.celery else "warning",
            "message": {"text": "; ".join(summary_lines(summary))},
        }
    )
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": notifications,
        "properties": summary.as_dict(),
    }


def _results(findings: list[Finding], line_of: Callable[[Finding], str]) -> list[dict[str, Any]]:
    return [
        {
            "ruleId": finding.code,
            "level": "warning",
            "message": {"text": f"{finding.message}; fix: {finding.fix}"},
            "partialFingerprints": {"asyncgen/v1": fingerprint(finding, line_of(finding), Path.cwd())},
            "locations": [_location(finding.path, finding.line, finding.column)],
            "relatedLocations": [
                {"id": number, "message": {"text": related.name}}
                | _location(related.path, related.line, related.column)
                for number, related in enumerate(finding.related, 1)
            ],
        }
        for finding in findings
    ]


def _location(path: str, line: int | None, column: int | None = None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(os.fsencode(path))}}
    if line is not None:
        place["region"] = {"startLine": line} | ({"startColumn": column} if column is not None else {})
    return {"physicalLocation": place}
