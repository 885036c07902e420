"""What the pipeline of a service would say, as far as that is quick and needs no network.

Nothing of the service is imported. Of its environment ruff alone is run, where that is trusted.
"""

import io
import json
from collections.abc import Iterator, Sized

from ..check import run
from ..contract import CONTRACT
from ..contract.written import stale
from ..queues import plan_sync
from ..service import Service
from ..update.programs import lint
from .finding import Finding, asked, in_root, unknown
from .project import trusted_environment

__all__ = ["examine_pipeline"]


def examine_pipeline(service: Service) -> Iterator[Finding]:
    """Run the quick checks, and say what is left out and how to run that."""
    contract = in_root(service.root, "make contract")
    yield asked("asyncgen check", lambda: _check(service))
    yield asked("queue table", lambda: _queues(service))
    yield asked(CONTRACT, lambda: _contract(service, contract), contract)
    yield _ruff(service)
    rest = "not run: types, the tests, the rest of CI"
    yield unknown("lint and tests", rest, in_root(service.root, "make lint check test"))


def _check(service: Service) -> Finding:
    out = io.StringIO()
    if not run([service.root], format="json", stdout=out, stderr=io.StringIO()):
        return Finding("asyncgen check", True, "no findings")
    findings = json.loads(out.getvalue())["findings"]
    codes = ", ".join(sorted({finding["code"] for finding in findings}))
    return Finding(
        "asyncgen check", False, f"{_counted(findings, 'finding')}: {codes}", fix=f"asyncgen check {service.root}"
    )


def _queues(service: Service) -> Finding:
    _, edits = plan_sync(service)
    behind = [edit.path for edit in edits if edit.outcome != "already"]
    if not behind:
        return Finding("queue table", True, "what is derived from it agrees with it")
    detail = f"expected what is derived from it to agree with it, got: {', '.join(behind)}"
    return Finding("queue table", False, detail, fix="asyncgen sync-queues")


def _contract(service: Service, fix: str) -> Finding:
    found = stale(service)
    if not found:
        return Finding(
            CONTRACT, True, "has the tasks of the code, their arguments and options; types were not compared"
        )
    more = f", and {_counted(found[1:], 'more difference')}" if found[1:] else ""
    return Finding(CONTRACT, False, f"expected it to have what the code has, got: {found[0]}{more}", fix=fix)


def _ruff(service: Service) -> Finding:
    fix = in_root(service.root, "make lint")
    environment, _ = trusted_environment(service.root)
    ruff = environment.program("ruff") if environment else None
    if ruff is None:
        return unknown("ruff", "not run: there is none in .venv that may be run", fix)
    complaint = lint(ruff, service.root)
    return Finding(
        "ruff",
        not complaint,
        complaint or "format and rules hold",
        fix="" if not complaint else in_root(service.root, "make format"),
    )


def _counted(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'s' if len(things) != 1 else ''}"
