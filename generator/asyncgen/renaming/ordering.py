"""Imports, the names in one, and `__all__` in the order that the linter wants, where they had it before."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from ..tasks.stub import natural_order
from .source import Edits, Source
from .width import WIDTH

__all__ = ["reordered"]


def reordered(before: Source, after: Source) -> str:
    """The text of `after`, which has the same statements as `before` under other names, in order again."""
    edits = Edits()
    for old, new in zip(_runs(before.tree), _runs(after.tree), strict=True):
        texts = [_statement(before, after, *pair) for pair in zip(old, new, strict=True)]
        order = list(range(len(new)))
        if _is_sorted([_key(node) for node in old]):
            order = sorted(order, key=lambda number: _key(new[number]))
        start, end = _lines(after, new[0])[0], _lines(after, new[-1])[1]
        edits.parts[start, end] = "".join(texts[number] for number in order)
    for old_list, new_list in zip(_public(before.tree), _public(after.tree), strict=True):
        _permute(after, edits, old_list, new_list, lambda node: _rank(node.value))
    return edits.applied(after.text)


def _runs(tree: ast.Module) -> list[list[ast.Import | ast.ImportFrom]]:
    """The imports that follow each other line by line."""
    runs: list[list[ast.Import | ast.ImportFrom]] = []
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(node, part, None)
            if not isinstance(body, list):
                continue
            for number, each in enumerate(body):
                if not isinstance(each, ast.Import | ast.ImportFrom):
                    continue
                ends = [other.end_lineno for other in body[:number]]
                begins = [other.lineno for other in body[number + 1 : number + 2]]
                if each.lineno in ends or each.end_lineno in begins or each.lineno == getattr(node, "lineno", 0):
                    continue
                if runs and number and runs[-1][-1] is body[number - 1] and ends[-1] == each.lineno - 1:
                    runs[-1].append(each)
                else:
                    runs.append([each])
    return runs


def _lines(source: Source, node: ast.stmt) -> tuple[int, int]:
    """Where the lines of a statement begin and end."""
    last = node.end_lineno or node.lineno
    return source.starts[node.lineno - 1], source.starts[last] if last < len(source.starts) else len(source.text)


def _statement(
    before: Source, after: Source, old: ast.Import | ast.ImportFrom, new: ast.Import | ast.ImportFrom
) -> str:
    """The lines of an import, its names in order, one a line if they outgrew the width.

    What is imported under another name gets a statement of its own, as the linter wants.
    """
    start, end = _lines(after, new)
    text = after.text[start:end]
    if isinstance(new, ast.Import) or "#" in text or text == _text(before, old):
        return text
    margin, newline = text[: len(text) - len(text.lstrip())], text[len(text.rstrip("\r\n")) :] or "\n"
    if len(new.names) > 1 and any(
        name.asname and not was.asname for was, name in zip(old.names, new.names, strict=True)
    ):
        head = after.text[start : after.span(new.names[0])[0]].rstrip("( \r\n")
        names = sorted(new.names, key=lambda alias: _rank(alias.name))
        alone = [[name] for name in names if name.asname]
        rest = [name for name in names if not name.asname]
        groups = sorted([*alone, *([rest] if rest else [])], key=lambda group: _rank(group[0].name))
        return "".join(f"{head} {', '.join(map(ast.unparse, group))}{newline}" for group in groups)
    edits = Edits()
    _permute(after, edits, old.names, new.names, lambda alias: _rank(alias.name))
    changed = Edits({(begin - start, stop - start): part for (begin, stop), part in edits.parts.items()}).applied(text)
    if "\n" in changed.rstrip("\r\n") or len(changed.rstrip("\r\n")) <= WIDTH:
        return changed
    origin, _, listed = changed.rstrip("\r\n").partition(" import ")
    rows = "".join(f"{margin}    {name.strip()},{newline}" for name in listed.strip("() ").rstrip(",").split(","))
    return f"{origin} import ({newline}{rows}{margin}){newline}"


def _text(source: Source, node: ast.stmt) -> str:
    start, end = _lines(source, node)
    return source.text[start:end]


def _public(tree: ast.Module) -> Iterator[list[Any]]:
    """The elements of each `__all__`, where all of them are texts."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List(elts=parts) | ast.Tuple(elts=parts))
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.List(elts=parts) | ast.Tuple(elts=parts))
            ):
                if all(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
                    yield parts


def _permute(after: Source, edits: Edits, old: Sequence[Any], new: Sequence[Any], key: Any) -> None:
    """Put the texts of nodes into the order of their keys, each into the place of another, if they had it before."""
    wanted = sorted(new, key=key)
    if wanted == list(new) or not _is_sorted([key(node) for node in old]):
        return
    for place, node in zip(new, wanted, strict=True):
        start, end = after.span(node)
        edits.parts[after.span(place)] = after.text[start:end]


def _is_sorted(keys: list[Any]) -> bool:
    return keys == sorted(keys)


def _key(node: ast.Import | ast.ImportFrom) -> tuple[Any, ...]:
    """`import a` before `from a import b`; of these the most dots first."""
    if isinstance(node, ast.Import):
        return 0, 0, natural_order(node.names[0].name.lower())
    return 1, -node.level, natural_order((node.module or "").lower())


def _rank(name: str) -> tuple[Any, ...]:
    """Constants, classes and the rest, as the linter orders names."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, natural_order(name.lower()), name
