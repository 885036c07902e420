"""Puts what was measured into other pages: rows of a table, and a plot of them. Neither is committed.

`<!-- measured PAGE NAME: LABELS | VALUES | WORDS -->`, a line of its own, stands for the table between `<!-- NAME -->`
and `<!-- end of NAME -->` of PAGE: for its rows that hold one of the words, if there are any. A bar of the plot has
the cells of the columns LABELS beside it, and the length of a column of VALUES; without those there is no plot,
and on PAGE itself no second table. Items are separated by `;`.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from .reference.markdown import table

__all__ = ["fill", "plot", "rows"]

DIRECTIVE = re.compile(r"^<!-- measured (\S+) (\w+): (.*?) \| ?(.*?) ?\| ?(.*?) ?-->$", re.MULTILINE)
COLOURS = ("#4269d0", "#efb118")
WIDTH, LEFT, BAR, GAP = 760, 300, 14, 10


def fill(pages: Path) -> None:
    """Replace the directive in all pages of a folder."""
    for page in pages.rglob("*.md"):
        text = page.read_text()
        for number, found in enumerate(DIRECTIVE.finditer(text)):
            labels, values, words = (_items(found[part]) for part in (3, 4, 5))
            header, *body = rows((pages / found[1]).read_text(), found[2])
            kept = [row for row in body if not words or any(word in cell for word in words for cell in row)]
            shown = "" if pages / found[1] == page else table(header, kept)
            if values:
                image = page.with_name(f"{page.stem}-{number}.svg")
                image.write_text(plot(header, kept, labels, values))
                shown += f"\n![{' and '.join(values)}, as in the table]({image.name})\n"
            text = text.replace(found[0], shown.strip())
        page.write_text(text)


def _items(text: str) -> list[str]:
    return [each.strip() for each in text.split(";") if each.strip()]


def rows(text: str, name: str) -> list[list[str]]:
    """The cells of the table between the markers, its head first; raises ValueError if there is none."""
    between = text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]
    lines = [line.strip("| ").split(" | ") for line in between.splitlines() if line.startswith("|")]
    if len(lines) < 3:
        raise ValueError(f"expected a table between the markers {name}, got: {len(lines)} lines")
    return [lines[0], *lines[2:]]


def plot(
    header: Sequence[str],
    body: Sequence[Sequence[str]],
    labels: Sequence[str],
    values: Sequence[str],
    *,
    ink: str = "black",
    paper: str = "white",
) -> str:
    """An SVG of a bar for each value of each row, on a logarithmic scale that begins at 0; `-` is no value."""
    body = [row for row in body if all(row[header.index(value)] != "-" for value in values)]
    numbers = [[float(row[header.index(value)]) for value in values] for row in body]
    room = WIDTH - LEFT - 50 - 7 * max(map(len, values))
    scale = room / math.log1p(max(max(each) for each in numbers) or 1)
    parts, y = [], GAP
    for row, each in zip(body, numbers, strict=True):
        label = ", ".join(row[header.index(name)] for name in labels).replace("`", "")
        parts.append(f'<text x="{LEFT - 8}" y="{y + BAR * len(each) / 2 + 4}" text-anchor="end">{escape(label)}</text>')
        for number, value, colour in zip(each, values, COLOURS, strict=False):
            width = math.log1p(number) * scale
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width + 1:.0f}" height="{BAR - 2}" fill="{colour}"/>'
                f'<text x="{LEFT + width + 6:.0f}" y="{y + BAR - 4}">{number:g} {escape(value)}</text>'
            )
            y += BAR
        y += GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12" '
        f'fill="{ink}">'
    )
    return "\n".join([head, f'<rect width="100%" height="100%" fill="{paper}"/>', *parts, "</svg>", ""])
