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
from datetime import date
from pathlib import Path

from tests.template.rendering import ROOT

from .faults import FAULTS, WATCHED, watched
from .service import RATES, started

__all__ = ["main"]

DOCUMENT = ROOT / "docs" / "alerts.md"
BEGIN, END = "<!-- faults -->\n", "<!-- end of faults -->\n"
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
    rows, wrong = [], 0
    print(HEADER, flush=True)
    for broker in options.broker or ["redis", "rabbitmq"]:
        for row, right in _rows(broker, options.minutes, options.fault or [*FAULTS]):
            print(row, flush=True)
            rows.append(row)
            wrong += not right
    if options.write:
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        told = f"\n{date.today():%B %Y}, {sum(RATES.values()):g} tasks a second:\n\n"
        DOCUMENT.write_text(before + BEGIN + told + "\n".join([HEADER, *rows]) + "\n\n" + END + rest.partition(END)[2])
    return 1 if wrong else 0


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
                seconds = "none fired" if seen.seconds is None else f"{seen.seconds:.0f}"
                others = ", ".join(seen.others) or "none"
                right = seen.seconds is not None and seen.seconds <= WATCHED and not seen.others
                yield f"| {name} | {broker} | {fault.alert} | {seconds} | {others} | {seen.resolved:.0f} |", right


if __name__ == "__main__":
    sys.exit(main())
