"""`# asyncgen: ignore[ACG101] the reason`, on the line of a finding or alone on the line above it.

The reason is required, and an ignore that nothing needs is a finding itself.
"""

import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules import RULES
from asyncgen.check.source.module import Module

__all__ = ["suppressed"]

_COMMENT = re.compile(r"#\s*asyncgen:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)$")


@dataclass(slots=True)
class _Ignore:
    line: int
    column: int
    codes: set[str]
    reason: str
    covers: int
    used: set[str]


def suppressed(module: Module, findings: list[Finding], codes: Iterable[str]) -> list[Finding]:
    """The findings that stay, and those about the comments themselves. `codes` are the rules that ran."""
    if "asyncgen:" not in module.text:
        return findings
    active = set(codes)
    ignores = _ignores(module)
    kept = []
    for finding in findings:
        matching = [i for i in ignores if finding.line == i.covers and finding.code in i.codes]
        if matching and any(i.reason for i in matching):
            for ignore in matching:
                ignore.used.add(finding.code)
        else:
            kept.append(finding)
            for ignore in matching:
                ignore.used.add(finding.code)
    for ignore in ignores:
        kept += _about(module, ignore, active)
    return sorted(kept)


def _about(module: Module, ignore: _Ignore, active: set[str]) -> list[Finding]:
    found = []
    if "ACG001" in active and (not ignore.codes or not ignore.reason):
        missing = "the codes in brackets" if not ignore.codes else "a reason"
        found.append(
            Finding(
                module.shown, ignore.line, ignore.column, "ACG001", "ignore-without-reason",
                f"expected an ignore to carry {missing}; without it nothing is ignored",
                "write `# asyncgen: ignore[ACG101] why this is safe here`",
            )
        )  # fmt: skip
    unused = sorted(code for code in ignore.codes - ignore.used if code in active or not _known(code))
    if "ACG002" in active and unused:
        found.append(
            Finding(
                module.shown, ignore.line, ignore.column, "ACG002", "unused-ignore",
                f"nothing on this line is ignored by {', '.join(unused)}",
                "remove the comment, or the codes that nothing needs",
            )
        )  # fmt: skip
    return found


def _known(code: str) -> bool:
    return any(rule.code == code for rule in RULES)


def _ignores(module: Module) -> list[_Ignore]:
    found = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(module.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    for token in tokens:
        match = _COMMENT.match(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        line, column = token.start
        alone = not module.lines[line - 1][:column].strip()
        codes = {c.strip().upper() for c in (match["codes"] or "").split(",") if c.strip()}
        reason = match["reason"].strip(" :-\t")
        covers = _next_code_line(module, line) if alone else line
        found.append(_Ignore(line, column + 1, codes, reason, covers, set()))
    return found


def _next_code_line(module: Module, line: int) -> int:
    for number in range(line, len(module.lines)):
        text = module.lines[number].strip()
        if text and not text.startswith("#"):
            return number + 1
    return line
