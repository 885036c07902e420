"""What a rule is.

Its docstring is its page: the first paragraph says what is wrong, then what happens in production, then `Bad:`,
`Good:` and `Source:`. `asyncgen check --explain` and the documentation show it.
"""

import ast
import inspect
from collections.abc import Iterator
from typing import ClassVar

from asyncgen.check.analysis.project import Project
from asyncgen.check.findings.finding import Finding
from asyncgen.check.source.module import Module

__all__ = ["Rule"]


class Rule:
    """`optional` rules run only when they are selected by their own code or name."""

    code: ClassVar[str]
    name: ClassVar[str]
    optional: ClassVar[bool] = False

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        raise NotImplementedError

    def finding(self, module: Module, node: ast.AST, message: str, fix: str) -> Finding:
        line = getattr(node, "lineno", 1)
        offset = getattr(node, "col_offset", 0)
        column = len(_line(module, line).encode()[:offset].decode(errors="replace")) + 1
        return Finding(module.shown, line, column, self.code, self.name, message, fix)

    @classmethod
    def page(cls) -> str:
        """The whole explanation, headed by code and name."""
        return f"{cls.code} {cls.name}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n"

    @classmethod
    def summary(cls) -> str:
        return inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _line(module: Module, number: int) -> str:
    lines = module.lines
    return lines[number - 1] if 0 < number <= len(lines) else ""
