"""The former names of a task among its options: what is on its way, and keys that are kept, go by them."""

import ast
import re
from collections.abc import Sequence

from ..errors import Refused
from ..tasks.former import full_names, literal_aliases
from ..tasks.listing import decorated, options_of
from .source import Edits, Source
from .width import WIDTH

__all__ = ["add_former_name", "wire_name"]


def wire_name(function: ast.FunctionDef, module: str) -> str:
    """The name in messages, "" for one that is computed."""
    return full_names(function, module)[0]


def add_former_name(source: Source, edits: Edits, function: ast.FunctionDef, former: str, own: str) -> bool:
    """Give a task that is now called `own` its former full name as the last alias; False for one with a fixed name.

    A name that it has again stays an alias only as the first one, which is the name on the wire.
    """
    options = options_of(function)
    if "name" in options:
        return False
    there = options.get("aliases")
    known = literal_aliases(function)
    aliases = [alias for number, alias in enumerate(known) if not number or alias not in (own, former)]
    aliases += [former] if former not in aliases else []
    decorator = decorated(function)
    if there is not None:
        _replace_aliases(source, edits, there, known, aliases)
    elif isinstance(decorator, ast.Call):
        _insert(source, edits, decorator, f"aliases={_tuple(aliases)}")
    elif decorator is not None:
        end = source.span(decorator)[1]
        edits.parts[end, end] = f"(aliases={_tuple(aliases)})"
    return True


def _tuple(aliases: Sequence[str]) -> str:
    return f"({', '.join(_quoted(alias) for alias in aliases)}{',' if len(aliases) == 1 else ''})"


def _quoted(alias: str) -> str:
    return f'"{alias}"'


def _replace_aliases(
    source: Source, edits: Edits, node: ast.expr, known: Sequence[str], aliases: Sequence[str]
) -> None:
    """One line if it fits, else one name a line, as the formatter would; where there are comments, they stay."""
    start, end = source.span(node)
    before = source.text[start:end]
    if "#" in before and aliases[:-1] == list(known) and isinstance(node, ast.Tuple):
        _insert_behind(source, edits, source.span(node.elts[-1])[1], end, _quoted(aliases[-1]))
        return
    if "#" in before:
        raise Refused(
            f"expected the aliases to be changed to be without comments, got: {before.splitlines()[0]} ...; "
            "move the comments above the option"
        )
    line = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    one = _tuple(aliases)
    margin = line[: len(line) - len(line.lstrip())]
    rows = "".join(f"{margin}    {_quoted(alias)},{_newline(source)}" for alias in aliases)
    fits = len(line + one) < WIDTH and "\n" not in before
    edits.parts[start, end] = one if fits else f"({_newline(source)}{rows}{margin})"


def _insert(source: Source, edits: Edits, call: ast.Call, option: str) -> None:
    """Put an option behind the last one of a call."""
    start, end = source.span(call)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not given:
        close = source.text.rindex(")", start, end)
        edits.parts[close, close] = option
        return
    last = max(source.span(node)[1] for node in given)
    if "\n" in source.text[start:end]:
        _insert_behind(source, edits, last, end, option)
        return
    line_end = source.text.find("\n", end)
    line = source.text[source.text.rfind("\n", 0, start) + 1 : line_end if line_end >= 0 else len(source.text)]
    if len(f"{line.rstrip()}, {option}") <= WIDTH:
        edits.parts[last, end] = f", {option})"
        return
    newline, margin = _newline(source), line[: len(line) - len(line.lstrip())]
    spans = [*map(source.span, call.args), *map(source.span, call.keywords)]
    parts = [*(source.text[begin:stop] for begin, stop in sorted(spans)), option]
    rows = "".join(f"{margin}    {part},{newline}" for part in parts)
    edits.parts[source.span(call.func)[1], end] = f"({newline}{rows}{margin})"


def _insert_behind(source: Source, edits: Edits, last: int, end: int, item: str) -> None:
    """Put an item on a line of its own behind the last one, which ends at an offset, and behind its comment."""
    found = re.compile(r"(\s*,)?([ \t]*#[^\r\n]*)?").match(source.text, last, end)
    stop, comment = (found.end(), found[2] or "") if found else (last, "")
    line = source.text[source.text.rfind("\n", 0, last) + 1 : last]
    margin = line[: len(line) - len(line.lstrip())]
    edits.parts[last, stop] = f",{comment}{_newline(source)}{margin}{item},"


def _newline(source: Source) -> str:
    return "\r\n" if "\r\n" in source.text else "\n"
