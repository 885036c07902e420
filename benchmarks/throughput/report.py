"""Medians and their spread as markdown and as a plot."""

from math import exp, log
from statistics import mean, median, stdev
from xml.sax.saxutils import escape

__all__ = ["plot", "table", "turns_table"]

Figures = dict[str, list[float]]
RATES = ("drained", "end to end", "published")
BAR, GAP, LEFT, WIDTH, SCALE = 14, 10, 250, 760, 110


def table(broker: str, results: dict[str, Figures], against: dict[str, str]) -> str:
    """One broker's table: rates a second, ratios with the lowest and the highest of a round, CPU, memory."""
    lines = [
        f"### {broker}\n",
        "| variant | drained/s | ratio | end to end/s | ratio | published/s | CPU, us a task: main, children, broker "
        "| MiB: main, child |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, figures in results.items():
        base = results.get(against[name], figures)
        rates = {rate: f"{median(figures[rate]):.0f}" for rate in RATES}
        used = ", ".join(f"{median(figures[part]):.0f}" for part in ("main", "children", "broker"))
        size = ", ".join(f"{median(figures[part]):.0f}" for part in ("main MiB", "child MiB"))
        lines.append(
            f"| {name} | {rates['drained']} | {ratio(figures, base, 'drained')} | {rates['end to end']} "
            f"| {ratio(figures, base, 'end to end')} | {rates['published']} | {used} | {size} |"
        )
    return "\n".join(lines)


def ratio(figures: Figures, base: Figures, rate: str) -> str:
    """The ratio of the medians, and how far the rounds lie apart."""
    if figures is base:
        return "1"
    each = [ours / theirs for ours, theirs in zip(figures[rate], base[rate], strict=False)]
    return f"{median(figures[rate]) / median(base[rate]):.2f} ({min(each):.2f}-{max(each):.2f})"


def turns_table(results: dict[str, dict[str, Figures]]) -> str:
    """What observing costs: the geometric mean of the ratios of neighbouring slices, with its standard error."""
    lines = ["| broker | variant | tasks/s without | ratio with | half seconds |", "|---|---|---|---|---|"]
    for broker, variants in results.items():
        for name, figures in variants.items():
            ratios = [log(each) for each in figures["ratio"]]
            error = stdev(ratios) / len(ratios) ** 0.5
            lines.append(
                f"| {broker} | {name} | {median(figures['without']):.0f} "
                f"| {exp(mean(ratios)):.3f} ({error:.3f}) | {2 * len(ratios)} |"
            )
    return "\n".join(lines)


def plot(results: dict[str, dict[str, Figures]]) -> str:
    """An SVG of the ratios to bare Celery: a pair of bars for each variant."""
    parts, y = [], 30
    for broker, variants in results.items():
        base = variants["bare Celery"]
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(broker)}</text>')
        for name, figures in variants.items():
            parts.append(
                f'<text x="{LEFT - 8}" y="{y + 2 * BAR}" text-anchor="end">{escape(name.replace("`", ""))}</text>'
            )
            for place, (rate, colour) in enumerate({"drained": "#4269d0", "end to end": "#efb118"}.items()):
                value = median(figures[rate]) / median(base[rate])
                top = y + BAR * (place + 0.5)
                parts.append(
                    f'<rect x="{LEFT}" y="{top}" width="{value * SCALE:.0f}" height="{BAR - 2}" fill="{colour}"/>'
                    f'<text x="{LEFT + value * SCALE + 5:.0f}" y="{top + BAR - 4}">{value:.2f} {rate}</text>'
                )
            y += 2 * BAR + GAP
        y += 2 * BAR
    line = f'<line x1="{LEFT + SCALE}" y1="0" x2="{LEFT + SCALE}" y2="{y}" stroke="#888" stroke-dasharray="4"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{line}\n' + "\n".join(parts) + "\n</svg>\n"
    )
