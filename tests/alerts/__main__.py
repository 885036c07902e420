"""`make alerts`: a service on each broker that is well for a while, then broken in each way, beside a real Prometheus.

    python -m tests.alerts [--minutes 60] [--broker redis] [--fault "deaf worker"] [--write]

Exit 0: nothing fired in the clean run, and each fault raised its alert within a minute and no other one. `--write` puts
the table into docs/alerts.md.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

from tests.documents import write_results
from tests.template.rendering import ROOT

from .faults import FAULTS, WATCHED, watched
from .service import RATES, started

__all__ = ["main"]

DOCUMENT = ROOT / "docs" / "alerts.md"
HEADER = """\
| fault | broker | alert | seconds to firing | other alerts | seconds until none fires, once mended |
|---|---|---|---|---|---|"""


def main() -> int:
    """Read the command line, run, print each row when it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of the clean run on each broker (60)")
    parser.add_argument("--broker", action="append", choices=["redis", "rabbitmq"], help="default: both")
    parser.add_argument("--fault", action="append", choices=[*FAULTS], help="default: all")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    print(HEADER, flush=True)
    brokers = options.broker or ["redis", "rabbitmq"]
    with ThreadPoolExecutor(len(brokers)) as side_by_side:
        runs = side_by_side.map(lambda broker: _run(broker, options.minutes, options.fault or [*FAULTS]), brokers)
        outcomes = [outcome for run in runs for outcome in run]
    if options.write:
        how = f"{date.today():%B %Y}, with {sum(RATES.values()):g} tasks a second and more through the outbox:"
        write_results(DOCUMENT, "faults", "\n".join([how, "", HEADER, *(row for row, _ in outcomes)]))
    return 0 if all(right for _, right in outcomes) else 1


def _run(broker: str, minutes: float, chosen: list[str]) -> list[tuple[str, bool]]:
    outcomes = []
    for row, right in _rows(broker, minutes, chosen):
        print(row, flush=True)
        outcomes.append((row, right))
    return outcomes


def _rows(broker: str, minutes: float, chosen: list[str]) -> Iterator[tuple[str, bool]]:
    for store in ("postgresql", "redis"):
        here = {each: FAULTS[each] for each in chosen if FAULTS[each].stores.get(broker) == store}
        clean = minutes if store == "postgresql" else 0
        if not here and not clean:
            continue
        with (
            tempfile.TemporaryDirectory(prefix="alerts-") as folder,
            started(Path(folder), broker, store) as (service, prometheus),
        ):
            if clean:
                begun = time.time()
                time.sleep(clean * 60)
                fired = sorted(prometheus.fired(begun))
                yield (
                    f"| none, for {clean:g} minutes | {broker} | none | - | {', '.join(fired) or 'none'} | - |",
                    not fired,
                )
            for name, fault in here.items():
                seen = watched(fault, service, prometheus)
                seconds, resolved = ("-" if each is None else f"{each:.0f}" for each in (seen.seconds, seen.resolved))
                others = ", ".join(seen.others) or "none"
                row = f"| {name} | {broker} | {fault.alert or 'none'} | {seconds} | {others} | {resolved} |"
                in_time = not fault.alert or (seen.seconds is not None and seen.seconds <= WATCHED)
                yield row, in_time and not seen.others and seen.resolved is not None


if __name__ == "__main__":
    sys.exit(main())
