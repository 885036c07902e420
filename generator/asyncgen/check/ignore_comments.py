"""`# asyncgen: ignore[ACG101, no-time-limit] the reason`, on the line of a finding or alone on the line above it.

On a decorator, on the `def` or `class` below it, or alone above them, it is for all of these lines. The reason is
required; a comment that lacks it, or that nothing needs, is a finding itself.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules import CODES, Explained
from asyncgen.check.rules.ignores import IgnoreWithoutReason, UnusedIgnore
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["IgnoreComments"]

#: Other comments may stand before and after it on the line.
_COMMENT = re.compile(r"(?<!\S)#\s*asyncgen:\s*ignore(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*?)(?:\s#\s|$)")
_CODE_OF = {word: rule.code for rule in CODES for word in (rule.code.lower(), rule.name)}


@dataclass(slots=True)
class _Ignore:
    """`rules` has the code of each word in the brackets, the empty string for what is no rule."""

    line: int
    column: int
    rules: dict[str, str]
    reason: str
    covers: range
    used: set[str] = field(default_factory=set)


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
            if line in ignore.covers and finding.code in ignore.rules.values()
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


def _about(module: Module, ignore: _Ignore, active: set[str], undecided: set[str]) -> Iterator[Finding]:
    """What is wrong with a comment: one finding, however much it is."""
    missing = [*(["the rules in brackets"] if not ignore.rules else []), *(["a reason"] if not ignore.reason else [])]
    if missing and IgnoreWithoutReason.code in active:
        yield _finding(
            module, ignore, IgnoreWithoutReason,
            f"expected an ignore to carry {' and '.join(missing)}; without it nothing is ignored",
            "write `# asyncgen: ignore[ACG101] why this is safe here`",
        )  # fmt: skip
        return
    unknown = [word for word, code in ignore.rules.items() if not code]
    unused = [word for word, code in ignore.rules.items() if code in active - ignore.used - undecided]
    if (unknown or unused) and UnusedIgnore.code in active:
        what = [f"nothing here is ignored by {', '.join(unused)}"] if unused else []
        what += [f"{', '.join(unknown)} {'is no rule' if len(unknown) == 1 else 'are no rules'}"] if unknown else []
        yield _finding(
            module, ignore, UnusedIgnore, "; ".join(what), "remove the comment, or what nothing needs in its brackets"
        )


def _finding(module: Module, ignore: _Ignore, rule: type[Explained], message: str, fix: str) -> Finding:
    return Finding(module.shown, ignore.line, ignore.column, rule.code, rule.name, message, fix)


def _ignores(module: Module) -> list[_Ignore]:
    found = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(module.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    for token in tokens:
        match = _COMMENT.search(token.string) if token.type == tokenize.COMMENT else None
        if match is None:
            continue
        line, column = token.start
        alone = not module.lines[line - 1][:column].strip()
        words = [word.strip() for word in (match["rules"] or "").split(",")]
        rules = {word: _CODE_OF.get(word.lower(), "") for word in words if word}
        covers = _lines_of(module, _next_code_line(module, line) if alone else line)
        found.append(_Ignore(line, column + match.start() + 1, rules, match["reason"].strip(" :-\t"), covers))
    return found


def _next_code_line(module: Module, line: int) -> int:
    for number in range(line, len(module.lines)):
        text = module.lines[number].strip()
        if text and not text.startswith("#"):
            return number + 1
    return line


def _lines_of(module: Module, line: int) -> range:
    """A line; of a decorated function or class, its decorators and all that stands before its body."""
    for node in (*module.functions, *module.classes):
        if node.decorator_list:
            head = range(_first_line(node), max(node.lineno + 1, _first_line(node.body[0])))
            if line in head:
                return head
    return range(line, line + 1)


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Function | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
