"""A file of Python: its text, its syntax tree, where each node stands in the text, and edits of it."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field

from ..errors import Refused
from ..module_files import NO_PYTHON

__all__ = ["Edits", "Source", "parsed"]

_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Source:
    """`path` is relative to the service, with slashes; `text` keeps the file's line ends."""

    path: str
    content: bytes
    encoding: str
    text: str
    tree: ast.Module
    starts: tuple[int, ...]

    @property
    def module(self) -> str:
        """The name by which the service and its tests import it."""
        plain = re.sub(r"\.pyi?$", "", self.path.removeprefix("src/"))
        return plain.removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> list[str]:
        """The package that its relative imports begin with."""
        parts = self.module.split(".")
        return parts if re.search(r"(^|/)__init__\.pyi?$", self.path) else parts[:-1]

    def offset(self, line: int, column: int) -> int:
        """Where a position of the syntax tree is in the text: there, columns count the bytes of UTF-8."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode(errors="replace"))

    def span(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> tuple[int, int]:
        """Where a node begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def encoded(self, text: str) -> bytes:
        """Another text in the file's encoding."""
        return text.encode(self.encoding)


@dataclass
class Edits:
    """Parts of a text to replace, by where they begin and end."""

    parts: dict[tuple[int, int], str] = field(default_factory=dict)

    def replace(self, source: Source, start: int, before: str, after: str) -> bool:
        """Replace what stands at an offset; False, and nothing, if that is not `before`."""
        if not source.text.startswith(before, start):
            return False
        self.parts[start, start + len(before)] = after
        return True

    def applied(self, text: str) -> str:
        """The text with all of them."""
        for (start, end), new in sorted(self.parts.items(), reverse=True):
            text = text[:start] + new + text[end:]
        return text


def parsed(path: str, content: bytes) -> Source:
    """The file with its syntax tree; Refused, with the place, if it has none."""
    try:
        tree = ast.parse(content)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (LookupError, *NO_PYTHON) as error:
        line = getattr(error, "lineno", None)
        got = f"{error.msg} in line {line}" if isinstance(error, SyntaxError) and line else str(error) or "no text"
        raise Refused(f"expected {path} to be Python, got: {got}; correct the file") from error
    starts = (0, *(found.end() for found in _LINE.finditer(text)))
    return Source(path, content, encoding, text, tree, starts)
