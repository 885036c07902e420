"""SARIF 2.1.0, as code scanning reads it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from asyncgen.check.findings.finding import Finding, Related
from asyncgen.check.findings.fingerprint import fingerprint
from asyncgen.check.rules import CODES

__all__ = ["report_sarif"]


def report_sarif(findings: list[Finding], line_of: Callable[[Finding], str], stdout: IO[str]) -> None:
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": _driver()}, "results": _results(findings, line_of)}],
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


def _results(findings: list[Finding], line_of: Callable[[Finding], str]) -> list[dict[str, Any]]:
    return [
        {
            "ruleId": finding.code,
            "level": "warning",
            "message": {"text": f"{finding.message}; fix: {finding.fix}"},
            "partialFingerprints": {"asyncgen/v1": fingerprint(finding, line_of(finding), Path.cwd())},
            "locations": [_location(finding)],
            "relatedLocations": [
                {"id": number, "message": {"text": related.name}} | _location(related)
                for number, related in enumerate(finding.related, 1)
            ],
        }
        for finding in findings
    ]


def _location(place: Finding | Related) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(os.fsencode(place.path))},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
