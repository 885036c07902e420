"""What a rule is."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import ClassVar

from asyncgen.check.analysis.project import Project
from asyncgen.check.findings.finding import Cause, Finding
from asyncgen.check.source.module import Module

__all__ = ["Explained", "Rule"]

#: From so many tasks on one mistake is told once.
_MANY = 3


class Explained:
    """What a code of findings stands for. `optional` ones are looked for only when they are selected by code or name.

    The docstring is its page: the first paragraph says what is wrong, then what happens in production, then `Bad:`,
    `Good:` and `Source:`. `asyncgen check --explain` and the documentation show it.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    optional: ClassVar[bool] = False

    @classmethod
    def page(cls) -> str:
        """The whole explanation, headed by code and name."""
        return f"{cls.code} {cls.name}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n"

    @classmethod
    def summary(cls) -> str:
        return inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


class Rule(Explained):
    """Looks at one module after the other. Where one edit mends findings in several files (`spans_files`), an ignore at
    its place may be about files that are not checked.
    """

    spans_files: ClassVar[bool] = False

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        raise NotImplementedError

    def finding(self, module: Module, node: ast.AST, message: str, fix: str) -> Finding:
        return Finding(*_place(module, node), self.code, self.name, message, fix)

    @staticmethod
    def repeated(finding: Finding, task: str, shared: tuple[Module, ast.AST] | None = None) -> Finding:
        """A finding about one task that is told once where many have it, or some have it from one place they share."""
        message = re.sub(rf"\b{re.escape(task)}\b", "a task", finding.message)
        place = _place(*shared) if shared is not None else ("", 0, 0)
        least = _MANY if shared is None else 2
        cause = Cause(*place, f"{message} ({{count}} tasks: {{names}})", finding.fix, least)
        return finding._replace(subject=task, cause=cause)

    @staticmethod
    def cause(place: tuple[Module, ast.AST] | None, message: str, fix: str) -> Cause:
        """What may be common to findings. Without a place they are told where the first of them is."""
        return Cause(*(_place(*place) if place is not None else ("", 0, 0)), message, fix)


def _place(module: Module, node: ast.AST) -> tuple[str, int, int]:
    line = getattr(node, "lineno", 1)
    offset = getattr(node, "col_offset", 0)
    return module.shown, line, len(_line(module, line).encode()[:offset].decode(errors="replace")) + 1


def _line(module: Module, number: int) -> str:
    lines = module.lines
    return lines[number - 1] if 0 < number <= len(lines) else ""
