"""`# asyncgen: ignore[ACG101] the reason`, on the line of a finding or alone on the line above it.

The reason is required, and an ignore that nothing needs is a finding itself.
"""

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules import RULES
from asyncgen.check.source.module import Module

__all__ = ["IgnoreComments"]

_COMMENT = re.compile(r"#\s*asyncgen:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)$")


@dataclass(slots=True)
class _Ignore:
    line: int
    column: int
    codes: set[str]
    reason: str
    covers: int
    used: set[str]


class IgnoreComments:
    """Those of a project's modules, read where a finding asks for them or `about` looks at them."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules = {module.shown: module for module in modules}
        self._of_module: dict[str, list[_Ignore]] = {}

    def excuses(self, finding: Finding) -> bool:
        """Whether a comment with a reason stands where the finding is, or where its cause is."""
        places = [finding[:2]] if finding.cause is None else [finding[:2], finding.cause[:2]]
        matching = [
            ignore
            for path, line in dict.fromkeys(places)
            for ignore in self._of(path)
            if ignore.covers == line and finding.code in ignore.codes
        ]
        for ignore in matching:
            ignore.used.add(finding.code)
        return any(ignore.reason for ignore in matching)

    def about(self, module: Module, codes: Iterable[str], undecided: Iterable[str] = ()) -> Iterator[Finding]:
        """The findings about a module's comments themselves. `codes` are the rules that ran; of those in `undecided`
        no one can say that they have nothing to ignore.
        """
        active, left = set(codes), set(undecided)
        for ignore in self._of(module.shown):
            yield from _about(module, ignore, active, left)

    def _of(self, path: str) -> list[_Ignore]:
        if path not in self._of_module:
            module = self._modules.get(path)
            self._of_module[path] = _ignores(module) if module is not None and "asyncgen:" in module.text else []
        return self._of_module[path]


def _about(module: Module, ignore: _Ignore, active: set[str], undecided: set[str]) -> list[Finding]:
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
    unused = sorted(code for code in ignore.codes - ignore.used - undecided if code in active or not _known(code))
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
