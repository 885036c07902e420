"""How long publishing takes while the broker is away, in a service and in bare Celery.

`python -m benchmarks.away` prints the table, `--write` puts it into docs/guarantees/publish.md. A broker that refuses
is a port where nobody listens; one that is silent accepts connections and never answers. Needs no server.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from statistics import median

from tests.documents import write_results
from tests.template.rendering import ROOT, render

DOCUMENT = ROOT / "docs" / "guarantees" / "publish.md"
PATIENCE = 30
"""Seconds until a call that has not ended is given up."""
URLS = {"redis": "redis://127.0.0.1:{}/0", "rabbitmq": "amqp://guest:guest@127.0.0.1:{}//"}
SERVICE = "from away.tasks import send_welcome as task"
BARE = """
import os
from celery import Celery

@Celery(broker=os.environ["AWAY_BROKER_URL"]).task
def task(user_id): ...
"""
TIMED = """
import time
began, raised = time.monotonic(), "nothing"
try:
    task.delay(1)
except Exception as error:
    raised = type(error).__name__
print(time.monotonic() - began, raised)
"""
HEADER = """| broker | it | service: seconds | service: raises | bare Celery: seconds | bare Celery: raises |
|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measured(Path(folder), options.rounds))
    how = f"`python -m benchmarks.away --rounds {options.rounds}`, {os.cpu_count()} cores, {date.today()}; medians"
    text = f"{how}; {PATIENCE} stands for a call that had not ended by then:\n\n{HEADER}\n" + "\n".join(rows)
    if options.write:
        write_results(DOCUMENT, "away", text)
    else:
        print(text)


def measured(folder: Path, rounds: int) -> Iterator[str]:
    """A row for each broker and each way of being away."""
    for broker, url in URLS.items():
        service = render(folder / broker, {"package": "away", "broker": broker, "deploy": []})
        for way in ("refuses", "is silent"):
            with closing(socket.socket()) as server:
                server.bind(("127.0.0.1", 0))
                if way == "is silent":
                    server.listen(64)
                env = {
                    "AWAY_BROKER_URL": url.format(server.getsockname()[1]),
                    "AWAY_IDEMPOTENCY_URL": "redis://127.0.0.1:1/0",
                    "PYTHONPATH": str(service / "src"),
                }
                cells = [cell for code in (SERVICE, BARE) for cell in timed(code, env, rounds)]
            yield f"| {broker} | {way} | {' | '.join(cells)} |"


def timed(code: str, env: dict[str, str], rounds: int) -> tuple[str, str]:
    """The median of the seconds that publishing took, and what it raised."""
    ends = [once(code, env) for _ in range(rounds)]
    return f"{median(seconds for seconds, _ in ends):.1f}", ends[0][1]


def once(code: str, env: dict[str, str]) -> tuple[float, str]:
    """The seconds that publishing took, and what it raised."""
    command = [sys.executable, "-c", code + TIMED]
    try:
        printed = subprocess.check_output(command, env={**os.environ, **env}, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return float(PATIENCE), "nothing yet"
    seconds, raised = printed.split()
    return float(seconds), raised


if __name__ == "__main__":
    main()
