"""Places the nodes of a graph without cycles in rows, each above all that its edges lead to.

Edges to the same node run together; where one passes a row, the nodes make room for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import pairwise
from statistics import fmean

__all__ = ["Point", "arranged", "reduced"]

LETTER, PADDING, GAP = 7.3, 9, 14
"""The width of a letter of a name, of what is beside it in its box, and between boxes."""
SWEEPS = 60


@dataclass(eq=False)
class Point:
    """A box, or without a name the place where edges pass a row; `band` is that of the box they lead to."""

    name: str
    band: int
    x: float = 0.0
    up: "list[Point]" = field(default_factory=list)
    down: "list[Point]" = field(default_factory=list)

    @property
    def width(self) -> float:
        return len(self.name) * LETTER + 2 * PADDING if self.name else 2


def reduced(graph: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """The graph without the edges that follow from others."""
    reach: dict[str, set[str]] = {}
    for node in TopologicalSorter(graph).static_order():
        reach[node] = set(graph[node]).union(*(reach[other] for other in graph[node]))
    return {node: {each for each in graph[node] if not any(each in reach[o] for o in graph[node])} for node in graph}


def arranged(levels: Sequence[Collection[str]], graph: Mapping[str, Collection[str]]) -> list[list[Point]]:
    """The points of each row, the lowest first. levels: the nodes, the lowest first; no edge leads upwards."""
    rows = _rows(levels, graph)
    _order(rows)
    _place(rows)
    return rows


def _rows(levels: Sequence[Collection[str]], graph: Mapping[str, Collection[str]]) -> list[list[Point]]:
    points: dict[str, Point] = {}
    row_of: dict[str, int] = {}
    count = 0
    for band, names in enumerate(levels):
        within = {name: [other for other in graph[name] if other in names] for name in sorted(names)}
        for name in TopologicalSorter(within).static_order():
            row_of[name] = max((row_of[other] + 1 for other in within[name]), default=count)
            points[name] = Point(name, band)
        count = max(row_of.values()) + 1
    rows: list[list[Point]] = [[] for _ in range(count)]
    for name in sorted(points):
        rows[row_of[name]].append(points[name])
    passing: dict[tuple[str, int], Point] = {}
    for start, end in sorted((name, other) for name in graph for other in graph[name]):
        above = points[start]
        for row in range(row_of[start] - 1, row_of[end] - 1, -1):
            below = points[end] if row == row_of[end] else passing.get((end, row))
            if below is None:
                below = passing[end, row] = Point("", points[end].band)
                rows[row].append(below)
            if below not in above.down:
                above.down.append(below)
                below.up.append(above)
            above = below
    return rows


def _order(rows: list[list[Point]]) -> None:
    """Sort each row by where its neighbours are, upwards and downwards in turn; keep what has the fewest crossings."""
    best, fewest = [list(row) for row in rows], _crossings(rows)
    for sweep in range(SWEEPS):
        order = range(1, len(rows)) if sweep % 2 else range(len(rows) - 2, -1, -1)
        for number in order:
            place = {point: index for row in rows for index, point in enumerate(row)}
            around = {point: point.down if sweep % 2 else point.up for point in rows[number]}
            rows[number].sort(key=lambda p: fmean(place[each] for each in around[p]) if around[p] else place[p])
        if (crossings := _crossings(rows)) < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _crossings(rows: list[list[Point]]) -> int:
    found = 0
    for lower, upper in pairwise(rows):
        place = {point: index for index, point in enumerate(lower)}
        ends = [sorted(place[below] for below in point.down) for point in upper]
        found += sum(
            a > b for number, one in enumerate(ends) for other in ends[number + 1 :] for a in one for b in other
        )
    return found


def _place(rows: list[list[Point]]) -> None:
    """Put each point near its neighbours, without an overlap."""
    for row in rows:
        _settle(row, [0.0] * len(row))
    for sweep in range(5 * SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            wanted = []
            for point in row:
                near = [*point.up, *point.down]
                wanted.append(fmean(each.x for each in near) if near else point.x)
            _settle(row, wanted)


def _settle(row: list[Point], wanted: Sequence[float]) -> None:
    """The places nearest to those wanted, in the order of the row (isotonic regression)."""
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + GAP)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        value, count = want - offset, 1
        while blocks and blocks[-1][0] > value:
            before, number = blocks.pop()
            value, count = (before * number + value * count) / (number + count), number + count
        blocks.append((value, count))
    values = [value for value, count in blocks for _ in range(count)]
    for point, value, offset in zip(row, values, offsets, strict=True):
        point.x = value + offset
