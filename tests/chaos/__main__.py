"""`make chaos`: every configuration in turn, and a table. Exit 0: each mode kept its promise, and the attack had teeth.

    python -m tests.chaos [--tasks 10000] [--kills 100] [--seed 1] [--broker redis] [--store postgresql]

Each run of N tasks a mode is attacked about `--kills` times, by progress and not by the clock. `--write` puts the table
into docs/reliability.md.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from runtime.testing.servers import Unavailable
from tests.documents import write_results
from tests.postgresql import postgresql
from tests.template.rendering import ROOT

from .runs import Configuration, Outcome, attack

__all__ = ["main"]

HEADER = """\
| broker | configuration | tasks | killed: children, workers, broker | lost | repeated |
|---|---|---|---|---|---|"""
DOCUMENT = ROOT / "docs" / "reliability.md"


def main() -> int:
    """Read the command line, run, print each row when it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000, help="of each mode (10000)")
    parser.add_argument("--kills", type=int, help="in each run, about (100, or a tenth of the tasks if that is less)")
    parser.add_argument("--seed", type=int, default=1, help="of the kills (1)")
    parser.add_argument("--broker", action="append", choices=["redis", "rabbitmq"], help="default: both")
    parser.add_argument("--store", action="append", choices=["none", "redis", "postgresql"], help="default: all")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    kills = options.kills or max(1, min(100, options.tasks // 10))
    stores = options.store or ["none", "redis", "postgresql"]
    print(HEADER, flush=True)
    broken, rows = 0, [HEADER]
    for broker in options.broker or ["redis", "rabbitmq"]:
        for store in stores:
            configuration = Configuration(broker, "" if store == "none" else store)
            modes = {"none": 1, "redis": 2, "postgresql": 3}[store]
            with tempfile.TemporaryDirectory(prefix="chaos-") as folder, postgresql() as url:
                try:
                    outcomes = attack(
                        configuration,
                        Path(folder),
                        tasks=options.tasks,
                        every=modes * options.tasks / kills,
                        seed=options.seed,
                        store=url if store == "postgresql" else "",
                    )
                except (RuntimeError, Unavailable) as error:
                    print(error, file=sys.stderr)
                    broken += 1
                    continue
            for outcome in outcomes:
                rows.append(line(outcome, on_sqlite=not url))
                print(rows[-1], flush=True)
    if options.write and not broken:
        how = f"`make chaos`, {date.today()}, about {kills} kills a run, seed {options.seed}:"
        write_results(DOCUMENT, "chaos", "\n".join([how, "", *rows]))
    return min(broken, 1)


def line(outcome: Outcome, on_sqlite: bool) -> str:
    """One row of the table."""
    store = outcome.configuration.store
    stored = f"`{outcome.mode}`, keys in {'SQLite' if store == 'postgresql' and on_sqlite else store}"
    return (
        f"| {outcome.configuration.broker} | {stored if store else outcome.mode} | {outcome.tasks} "
        f"| {outcome.children}, {outcome.mains}, {outcome.brokers} | {outcome.lost} | {outcome.repeated} |"
    )


if __name__ == "__main__":
    sys.exit(main())
