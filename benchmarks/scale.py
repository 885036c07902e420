"""How many workers and which broker for a rate of tasks: `python -m benchmarks.scale [--write] [--measure]`.

From the measured costs in docs/benchmarks.md, by queueing theory for the number of processes (M/M/c, Erlang's C) and by
a simulation of the same with run times that vary more. `--write` puts the tables into docs/scale.md. `--measure`
publishes on a private Redis, which the benchmarks do not, and prints the costs that stand here as constants.
"""

import argparse
import heapq
import json
import math
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.documents import write_results

__all__ = ["Costs", "Load", "erlang_c", "measured", "simulated_wait", "slots_for"]

DOCS = Path(__file__).parents[1] / "docs"

PEAK = 3
"""The busiest hours have so many times the mean rate: capacity is for them."""
CONCURRENCY = 8
"""Processes of one worker."""
OF_REDIS = 0.7
"""How busy Redis, which runs commands on one core, may be: above that the others wait noticeably."""
BUSY = 0.8
"""How busy the processes of workers may be at the peak: with fewer idle ones every hiccup becomes a backlog."""
MESSAGE = 1100
"""Bytes of a message with small arguments, as JSON."""
PUBLISHING = 110
"""Microseconds of Redis' CPU for the LPUSH of one message, with `appendfsync always`; less each in a batch."""
WAITING = 1185
"""Bytes of memory that Redis takes for a waiting message."""
VARIATION = 2.0
"""The standard deviation of simulated run times, in means (log-normal)."""
RATES = (10**3, 10**5, 10**7)
"""Tasks an hour."""


@dataclass(frozen=True)
class Load:
    """A kind of task: its mean run and the wait that 95 of 100 may have at most, in seconds."""

    name: str
    run: float
    wait: float


LOADS = (Load("short", 0.05, 1.0), Load("long", 60.0, 60.0))


@dataclass(frozen=True)
class Costs:
    """Microseconds of CPU for one task."""

    main: float
    children: float
    broker: float


def measured(broker: str, variant: str) -> Costs:
    """The costs of a variant in docs/benchmarks.md; raises ValueError if it is not there."""
    table = (DOCS / "benchmarks.md").read_text().partition(f"\n### {broker}\n")[2].partition("\n### ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 7 and cells[1] == variant:
            return Costs(*(float(figure) for figure in cells[7].split(",")))
    raise ValueError(f"expected docs/benchmarks.md to have {variant} on {broker}, got: no such row; run make bench")


def erlang_c(slots: int, offered: float) -> float:
    """The probability that a task waits: `offered` is the mean number in work, below `slots`."""
    blocked = 1.0
    for number in range(1, slots + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return slots * blocked / (slots - offered * (1 - blocked))


def wait_95(slots: int, rate: float, run: float) -> float:
    """The wait in seconds that 95 of 100 tasks have at most, with exponential run times."""
    waits = erlang_c(slots, rate * run)
    return 0.0 if waits <= 0.05 else math.log(waits / 0.05) * run / (slots - rate * run)


def slots_for(rate: float, run: float, wait: float) -> int:
    """The fewest processes that are `BUSY` at most, and with which 95 of 100 tasks wait `wait` seconds at most."""
    low = max(math.ceil(rate * run / BUSY), 1)
    high = low + 8
    while wait_95(high, rate, run) > wait:
        high = low + 2 * (high - low)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if wait_95(middle, rate, run) <= wait else (middle + 1, high)
    return low


def simulated_wait(slots: int, rate: float, run: float, seed: int = 1) -> float:
    """The wait that 95 of 100 have at most: Poisson arrivals, log-normal run times, one queue in order."""
    chance, tasks = random.Random(seed), max(50_000, 40 * slots)
    spread = math.sqrt(math.log(1 + VARIATION**2))
    middle = math.log(run) - spread**2 / 2
    free, now, waits = [0.0] * slots, 0.0, []
    for _ in range(tasks):
        now += chance.expovariate(rate)
        begin = max(now, free[0])
        heapq.heapreplace(free, begin + chance.lognormvariate(middle, spread))
        waits.append(begin - now)
    settled = sorted(waits[tasks // 5 :])  # the first ones found everybody free
    return settled[len(settled) * 95 // 100]


def worker_table(costs: Costs) -> str:
    """For each rate and load the processes, the workers, what their overhead takes, and the simulated wait."""
    rows = [
        "| tasks an hour | load | at the peak, a second | processes | workers of 8 | CPU of mains and children "
        "| 95 of 100 wait, simulated |",
        "|---|---|---|---|---|---|---|",
    ]
    for load in LOADS:
        for hourly in RATES:
            rate = hourly * PEAK / 3600
            run = load.run + costs.children / 1e6
            slots = slots_for(rate, run, load.wait)
            waited = f"{simulated_wait(slots, rate, run):.2f} s" if slots <= 10_000 else "not simulated"
            cores = " + ".join(f"{rate * each / 1e6:.2g}" for each in (costs.main, costs.children))
            workers = math.ceil(slots / CONCURRENCY)
            second = f"{rate:.2f}" if rate < 1 else f"{rate:,.0f}"
            cells = [power(hourly), load.name, second, f"{slots:,}", f"{workers:,}", f"{cores} cores", waited]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def broker_table() -> str:
    """How busy brokers are at the peak of each rate, and the rate at which one Redis has enough to do."""
    rows = [
        "| broker, idempotency | its CPU, us a task: delivery, publishing | cores at the peak of 10^3, 10^5, 10^7 | "
        f"one Redis, {OF_REDIS:.0%} busy: tasks a second, an hour with that peak |",
        "|---|---|---|---|",
    ]
    for broker, variant in (
        ("redis", "service, `lease`"),
        ("redis", "service, delivery alone"),
        ("redis", "service, the row, `transactional`"),
        ("rabbitmq", "service, `lease`"),
        ("rabbitmq", "service, the row, `transactional`"),
    ):
        costs, publishing = measured(broker, variant), PUBLISHING if broker == "redis" else 0
        each = costs.broker + publishing
        busy = ", ".join(f"{hourly * PEAK / 3600 * each / 1e6:.2g}" for hourly in RATES)
        most = OF_REDIS * 1e6 / each
        limit = f"{most:,.0f}, {power(most * 3600 / PEAK)}" if broker == "redis" else "-"
        shown = f"{costs.broker:.0f}, {publishing or 'not measured'}"
        rows.append(f"| {broker}, {variant.removeprefix('service, ')} | {shown} | {busy} | {limit} |")
    return "\n".join(rows)


def backlog_table() -> str:
    """What Redis has to keep if no worker takes anything for an hour."""
    rows = ["| tasks an hour | waiting after an hour | memory |", "|---|---|---|"]
    rows += [f"| {power(hourly)} | {hourly:,} | {hourly * WAITING / 2**20:,.0f} MiB |" for hourly in RATES]
    return "\n".join(rows)


def power(number: float) -> str:
    """A count as people write it in a table of powers of ten."""
    exponent = math.floor(math.log10(number))
    factor = number / 10**exponent
    return f"10^{exponent}" if factor == 1 else f"{factor:.1f} * 10^{exponent}"


def measure() -> dict[str, float]:
    """`PUBLISHING` and `WAITING`, on a private Redis as a service's own tests start it."""
    from redis import Redis

    from benchmarks.throughput.processes import cpu
    from runtime.testing.servers import redis
    from runtime.testing.servers.process import STARTED

    text, number = "x" * MESSAGE, 5000
    with tempfile.TemporaryDirectory() as folder, redis.started(Path(folder)) as url, Redis.from_url(url) as client:
        pids, before = [STARTED[-1].process.pid], int(client.info("memory")["used_memory"])
        spent = cpu(pids)
        for _ in range(number):
            client.lpush("queue", text)
        spent = cpu(pids) - spent
        grown = int(client.info("memory")["used_memory"]) - before
    return {"PUBLISHING": spent / number * 1e6, "WAITING": grown / number}


def main() -> None:
    """Read the command line; print, or write the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure()))
        return
    parts: list[tuple[str, Callable[[], str]]] = [
        ("Workers", lambda: worker_table(measured("redis", "service, `lease`"))),
        ("Brokers", broker_table),
        ("A backlog", backlog_table),
    ]
    tables = "\n\n".join(f"### {title}\n\n{make()}" for title, make in parts)
    print(tables)
    if options.write:
        write_results(DOCS / "scale.md", "results", tables)


if __name__ == "__main__":
    main()
