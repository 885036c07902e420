"""Draws a graph in levels as an SVG for light and dark: rows of boxes, and a band behind the rows of each level."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from .layout import Point, arranged

__all__ = ["draw"]

HEIGHT, STEP, MARGIN = 24, 50, 12
"""The height of a box, from row to row, and around all."""
STYLE = """
text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328; text-anchor: middle; }
.paper { fill: #ffffff; } .band { fill: #eceff4; } .box { fill: #ffffff; stroke-width: 1.5; }
.edge { fill: none; stroke-width: 1.3; }
@media (prefers-color-scheme: dark) {
text { fill: #e3e6ea; } .paper { fill: #16191e; } .band { fill: #22262d; } .box { fill: #2d323b; }
}
"""
COLOURS = ("#5c7a99", "#c77700", "#2e8b57", "#c04f63", "#8760cc", "#1f8a9e", "#a0752f", "#c2529b", "#4f76d8", "#6f8f1d")
"""Of bands and of the edges that lead there, on light and on dark."""


def draw(title: str, levels: Sequence[Collection[str]], graph: Mapping[str, Collection[str]]) -> str:
    """The SVG. levels: the nodes, the lowest first; no edge leads upwards, none within a level makes a cycle."""
    rows = arranged(levels, graph)
    bands = [next(point.band for point in row if point.name) for row in rows]
    left = min(point.x - point.width / 2 for row in rows for point in row) - MARGIN
    for point in (point for row in rows for point in row):
        point.x -= left
    width = max(point.x + point.width / 2 for row in rows for point in row) + MARGIN
    height = len(rows) * STEP + 2 * MARGIN
    top = [height - MARGIN - STEP * (number + 1) + (STEP - HEIGHT) / 2 for number in range(len(rows))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            '<rect class="paper" width="100%" height="100%"/>',
            *_bands(bands, width, height),
            *(line for y, row in zip(top, rows, strict=True) for point in row for line in _edges(point, y)),
            *(_box(point, y) for y, row in zip(top, rows, strict=True) for point in row if point.name),
            "</svg>",
            "",
        ]
    )


def _bands(bands: Sequence[int], width: float, height: int) -> Iterator[str]:
    for band in sorted(set(bands)):
        count = bands.count(band)
        y = height - MARGIN - STEP * (bands.index(band) + count)
        yield f'<rect class="band" x="6" y="{y + 3}" width="{width - 12:.0f}" height="{count * STEP - 6}" rx="6"/>'


def _edges(point: Point, y: float) -> Iterator[str]:
    """From a point downwards; past a row straight."""
    for below in point.down:
        colour, end = COLOURS[below.band % len(COLOURS)], y + STEP
        start, x = _port(point, below, point.down), _port(below, point, below.up)
        pass_by = "" if below.name else f"V{end + HEIGHT:.0f}"
        bend = (y + HEIGHT + end) / 2
        path = f"M{start:.0f} {y + HEIGHT:.0f}C{start:.0f} {bend:.0f} {x:.0f} {bend:.0f} {x:.0f} {end:.0f}{pass_by}"
        yield f'<path class="edge" stroke="{colour}" d="{path}"/>'
        if below.name:
            yield f'<path fill="{colour}" d="M{x:.0f} {end:.0f}l-3.5 -7h7z"/>'


def _port(point: Point, other: Point, others: Sequence[Point]) -> float:
    """Where at a box the edge from or to another point ends."""
    if not point.name:
        return point.x
    ordered = sorted(others, key=lambda each: each.x)
    gap = min(12.0, (point.width - 12) / len(ordered))
    return point.x + gap * (ordered.index(other) - (len(ordered) - 1) / 2)


def _box(point: Point, y: float) -> str:
    colour = COLOURS[point.band % len(COLOURS)]
    left = point.x - point.width / 2
    return (
        f'<rect class="box" stroke="{colour}" x="{left:.0f}" y="{y:.0f}" width="{point.width:.0f}" height="{HEIGHT}" '
        f'rx="4"/><text x="{point.x:.0f}" y="{y + 16:.0f}">{escape(point.name)}</text>'
    )
