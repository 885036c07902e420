"""`top`: what the service does now, in a terminal."""

import json
import math
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..settings import NAME, settings
from . import LoadApp
from ._answered import answered, unanswered

if TYPE_CHECKING:  # completion needs no Celery
    from ..service import ServiceApp
    from ._figures import Figures

__all__ = ["command"]


def _number(ctx: click.Context, param: click.Parameter, seconds: float) -> float:
    """The seconds: click takes nan to be in every range."""
    if math.isnan(seconds):
        raise click.BadParameter("expected a number, got: nan")
    return seconds


@click.command("top")
@click.option(
    "--every",
    type=click.FloatRange(min=0.5, max=3600),
    default=2.0,
    show_default=True,
    help="Seconds between looks.",
    callback=_number,
)
@click.option("--once", is_flag=True, help="Look twice, for the rates, print that, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as with --once.")
@click.pass_obj
def command(load_app: LoadApp, every: float, once: bool, as_json: bool) -> None:
    """Show queues, tasks, workers and dead letters until q is pressed. Without a terminal, as with --once.

    rate: runs that ended, a second. p50, p95: seconds of the last runs that succeeded. Counts of runs are those of the
    workers that answer, since each has started.
    """
    app = load_app()
    settings().require("broker_url", app.service.broker.schemes)
    if once or as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        with answered(load_app):
            figures = _look_twice(app, every)
        click.echo(json.dumps(asdict(figures), indent=2) if as_json else "\n".join(_lines(figures)))
        return
    _watch(app, every)


def _look_twice(app: "ServiceApp", every: float) -> "Figures":
    from ._figures import Look

    look = Look(app)
    look()
    time.sleep(every)
    return look()


class _Watcher(threading.Thread):
    """Looks again and again, so that keys are answered meanwhile; a broker that is away is asked again."""

    def __init__(self, app: "ServiceApp", every: float) -> None:
        super().__init__(name="top", daemon=True)
        self.ended = threading.Event()
        self.defect: Exception | None = None
        self.lines = [f"{NAME}: asking the broker ..."]
        self._app, self._every = app, every

    def run(self) -> None:
        """Look until it is ended, or an error is raised that is not the broker's."""
        try:
            self._look()
        except Exception as defect:  # for the main thread: here it would only spoil the screen
            self.defect = defect

    def _look(self) -> None:
        from ._figures import Look

        look, shown = Look(self._app), [""]
        while not self.ended.is_set():
            begun, trouble = time.monotonic(), []
            try:
                shown = list(_lines(look()))
            except self._app.service.broker.errors as error:
                sentence = f"{unanswered(error)}; asking again"
                trouble = textwrap.wrap(sentence, shutil.get_terminal_size().columns)
            now = time.strftime("%H:%M:%S")
            self.lines = [f"{NAME}  {now}  every {self._every:g} s, q quits", *trouble, "", *shown]
            self.ended.wait(self._every - (time.monotonic() - begun))


def _watch(app: "ServiceApp", every: float) -> None:
    from . import _screen

    watcher = _Watcher(app, every)
    watcher.start()
    try:
        with _screen.opened():
            while True:
                if watcher.defect:
                    raise watcher.defect
                _screen.show(watcher.lines)
                if _screen.key(0.2) in ("q", "Q"):
                    return
    except KeyboardInterrupt:
        return
    finally:
        watcher.ended.set()
        watcher.join(timeout=3)  # it deletes the queue of the answers


def _lines(figures: "Figures") -> Iterator[str]:
    yield from _table(
        ("queue", "waiting", "in work", "oldest", "rate/s", "dead"),
        [
            (row.queue, row.waiting, row.in_work, _seconds(row.oldest or None), _rate(row.rate), row.dead)
            for row in figures.queues
        ],
    )
    yield ""
    yield from _table(
        ("task", "p50", "p95", "succeeded", "failed", "retried", "deferred"),
        [
            (row.task, _seconds(row.p50), _seconds(row.p95), row.succeeded, row.failed, row.retried, row.deferred)
            for row in figures.tasks
        ],
    )
    yield ""
    yield from _table(
        ("worker", "busy", "seen", "state", ""),
        [
            (
                row.worker,
                f"{row.busy}/{row.slots}",
                _seconds(row.last_seen),
                row.state,
                "; ".join(row.faults) or ", ".join(row.queues),
            )
            for row in figures.workers
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Columns as wide as they have to be: the first and what is no number to the left."""
    cells = [
        [head.upper() for head in heads],
        *([("-" if cell is None else str(cell)) for cell in row] for row in rows),
    ]
    widths = [max(len(row[number]) for row in cells) for number in range(len(heads))]
    left = {0, *(number for number, head in enumerate(heads) if head in ("state", ""))}
    for row in cells:
        columns = zip(row, widths, range(len(heads)), strict=True)
        yield "  ".join(
            f"{cell:<{width}}" if number in left else f"{cell:>{width}}" for cell, width, number in columns
        ).rstrip()
    if not rows:
        yield "none"


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1f}"


def _seconds(seconds: float | None) -> str:
    """Seconds as people read them."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
