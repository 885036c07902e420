"""Lines that outgrew the formatter's width under a longer name: the items of their brackets one a line."""

import io
import itertools
import re
import tokenize
from contextlib import suppress

__all__ = ["WIDTH", "wrapped"]

WIDTH = 120


def wrapped(before: str, after: str) -> str:
    """The text of `after`, which has the same lines as `before` under other names."""
    lines = after.split("\n")
    for number, (old, new) in enumerate(zip(before.split("\n"), lines, strict=True)):
        if len(old.rstrip("\r")) <= WIDTH < len(new.rstrip("\r")):
            lines[number] = _one_item_a_line(new)
    return "\n".join(lines)


def _one_item_a_line(line: str) -> str:
    """The line split at the arguments of a definition, else at its last brackets; the line as it is if it has none."""
    end = "\r\n" if line.endswith("\r") else "\n"
    code = line.rstrip("\r")
    tokens: list[tokenize.TokenInfo] = []
    # A line that goes on has no end.
    with suppress(tokenize.TokenError, IndentationError):
        tokens.extend(tokenize.generate_tokens(io.StringIO(code.lstrip()).readline))
    margin = code[: len(code) - len(code.lstrip())]
    brackets: list[list[int]] = []
    depth = 0
    for token in tokens:
        place = len(margin) + token.start[1]
        if token.type == tokenize.COMMENT:
            return line
        if token.string in ("(", "[", "{"):
            brackets += [[place]] if not depth else []
            depth += 1
        elif token.string in (")", "]", "}"):
            depth -= 1
            if depth < 0:
                return line
            brackets[-1] += [place] if not depth else []
        elif token.string == "," and depth == 1:
            brackets[-1].append(place)
    if depth or not brackets or code.lstrip().startswith(("import ", "from ")):
        return line
    places = brackets[0] if re.match(r"\s*(async\s+)?def\s", code) else brackets[-1]
    items = [code[start + 1 : stop].strip() for start, stop in itertools.pairwise(places)]
    rows = "".join(f"{margin}    {item},{end}" for item in items if item)
    return f"{code[: places[0] + 1]}{end}{rows}{margin}{code[places[-1] :]}{end[:-1]}"
