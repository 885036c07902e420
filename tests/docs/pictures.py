"""`make pictures`: what README shows, light and dark: `make demo` in a terminal, and what was lost and repeated."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import unescape

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text

from .building import PAGES, ROOT
from .measured import plot, rows

__all__ = ["ASSETS", "demo", "main", "plots", "record", "terminal", "words"]

ASSETS = PAGES / "assets"
THEMES: dict[str, TerminalTheme] = {"light": DEFAULT_TERMINAL_THEME, "dark": SVG_EXPORT_THEME}
COLUMNS, LINES = 80, 50
FIRST = "$ asyncgen add-task"
"""Where the picture begins: `asyncgen new` prints more than one screen."""
PAUSE = 1.0
"""The longest time between two lines, in seconds: an installation is not waited for."""
SHOWN = ("Celery's defaults", "`lease`, keys in redis", "`transactional`")
LINE = re.compile(r'<text [^>]*-line-(\d+)\)">(.*?)</text>')
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
@keyframes printed {{ from {{ visibility: hidden; }} }}
@media (prefers-reduced-motion: no-preference) {{
[clip-path*="-line-"] {{ animation: printed 1ms backwards; }}
DELAYS
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> int:
    """Run the demo and draw; 1 if it failed."""
    recorded = list(record([sys.executable, "-m", "tests.demo"]))
    start = next((index for index, (_, line) in enumerate(recorded) if FIRST in line), None)
    failed = any(line.startswith("FAIL ") for _, line in recorded) or not recorded[-1][1].startswith("ok ")
    if start is None or failed:
        print(*(line for _, line in recorded), sep="\n", file=sys.stderr)
        return 1
    for name, theme in THEMES.items():
        (ASSETS / f"demo-{name}.svg").write_text(terminal(recorded[start:], theme))
    for name, text in plots().items():
        (ASSETS / name).write_text(text)
    return 0


def record(command: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Each line that a command prints in a terminal, with the seconds since its start."""
    inside, outside = pty.openpty()
    fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdin=outside, stdout=outside, stderr=outside):
        os.close(outside)
        with open(inside, encoding="utf-8", newline="\n") as screen:
            try:
                for line in screen:
                    yield time.monotonic() - began, line.rstrip("\r\n")
            except OSError:
                return  # how Linux reports that the other side is closed


def terminal(lines: Sequence[tuple[float, str]], theme: TerminalTheme) -> str:
    """An SVG of a terminal, in which each line appears when it was printed and then stays."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    delays, passed, before = [], 0.0, lines[0][0]
    for number, (at, line) in enumerate(lines):
        passed, before = passed + min(at - before, PAUSE), at
        delays.append(f'[clip-path$="-line-{number})"] {{{{ animation-delay: {passed:.1f}s; }}}}')
        console.print(Text.from_ansi(line))
    form = FORMAT.replace("DELAYS", "\n".join(delays))
    return console.export_svg(title="make demo", theme=theme, code_format=form, unique_id="demo")


def plots() -> dict[str, str]:
    """The plots of what was lost and repeated, by the names of their files."""
    header, *body = rows((PAGES / "reliability.md").read_text(), "chaos")
    body = [row for row in body if row[header.index("configuration")].startswith(SHOWN)]
    drawn = (body, ["broker", "configuration"], ["lost", "repeated"])
    return {
        "lost-light.svg": plot(header, *drawn),
        "lost-dark.svg": plot(header, *drawn, ink="#c5c8c6", paper="#292929"),
    }


def words(picture: str) -> str:
    """The lines of a terminal that was drawn."""
    lines: defaultdict[int, str] = defaultdict(str)
    for number, text in LINE.findall(picture):
        lines[int(number)] += unescape(text).replace("\xa0", " ")
    return "".join(f"{lines[number].rstrip()}\n" for number in range(max(lines) + 1))


def demo() -> str:
    """The lines of the demo that is committed, light or dark."""
    light, dark = (words((ASSETS / f"demo-{name}.svg").read_text()) for name in THEMES)
    assert light == dark, "expected both pictures of the demo to have the same lines: make pictures"
    return light


if __name__ == "__main__":
    sys.exit(main())
