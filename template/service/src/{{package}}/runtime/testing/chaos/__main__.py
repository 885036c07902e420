"""What the service loses and repeats while it is killed: `make chaos`, or `make chaos N=10000`.

N tasks of each mode that promises something are published, each until the broker has it. Meanwhile processes of the
pool, workers and the broker are SIGKILLed at random and started again. Half of each task lies after its effect.
Every server is private, whatever the environment names; `--store` names a database for the keys and the effects.
Exit 0: each mode kept its promise.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from ...dead_letters import letters
from ...settings import NAME, PREFIX
from ..app import load_app
from ..servers import Unavailable, described, needs, new_namespace, running
from ..servers.process import STARTED
from ..stores import store_module
from .attack import Kills, attack
from .count import Row, Settled, row

__all__ = ["main"]

MODES = ("transactional", "lease", "at-most-once")
"""The modes that promise something: `natural` leaves a repeat to the task."""

WORKERS = 2
LIMITS = {"LEASE": "4", "KEY_LEASE": "4", "DELIVERY_LIMIT": "1000"}
"""It is not the task that kills its process, so its message may be redelivered any number of times."""


def main() -> int:
    """Read the command line, attack, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=300, help="of each mode (300)")
    parser.add_argument("--every", type=float, default=30, help="effects between two kills, on average (30)")
    parser.add_argument("--mode", action="append", choices=MODES, help="repeatable; default: all of the store")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the kills (the time)")
    parser.add_argument("--store", default="", help="the URL of an idempotency store for this run alone")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=f"{NAME}-chaos-") as folder:
        try:
            rows, kills = run(Path(folder), options)
        except Unavailable as unavailable:
            print(f"{NAME}: {unavailable}", file=sys.stderr)
            return 2
        if options.json:
            print(json.dumps({"kills": asdict(kills), "rows": [asdict(each) for each in rows]}))
        else:
            show(rows, kills, options.seed)
        if all(each.kept for each in rows):
            return 0
        for log in sorted(Path(folder).glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        return 1


def run(folder: Path, options: argparse.Namespace) -> tuple[list[Row], Kills]:
    """Start what is needed, attack, count."""
    environ = {f"{PREFIX}IDEMPOTENCY_URL": options.store} if options.store else {}
    print(*described(needs(), environ), sep="\n", file=sys.stderr)
    with running(folder, needs(), environ, new_namespace("chaos")) as urls:
        broker = STARTED[0]
        if broker.command[0] == sys.executable:
            raise Unavailable("expected redis-server or valkey-server on PATH, got: neither; install one of them")
        limits = {f"{PREFIX}{name}": value for name, value in LIMITS.items()}
        os.environ.update(urls | limits | {f"{PREFIX}HEARTBEAT_FILE": str(folder / "heartbeat")})
        url = urls[f"{PREFIX}IDEMPOTENCY_URL"]
        store = store_module(url)
        modes = options.mode or [mode for mode in load_app().service.store.modes if mode in MODES]
        effects = {mode: store.Effects(url, mode, folder) for mode in modes}
        command = [sys.executable, "-m", f"{__package__.removesuffix('.chaos')}.tasks"]
        store.prepare(url)
        try:
            kills = attack(
                [[*command, "worker"]] * WORKERS,
                [*command, "publish", str(folder), json.dumps(modes), str(options.tasks)],
                broker,
                Settled(lambda: {mode: each.lines() for mode, each in effects.items()}, options.tasks),
                lambda: sum(each.count() for each in effects.values()),
                folder=folder,
                every=options.every,
                seed=options.seed,
            )
            rows = [row(mode, options.tasks, each.lines()) for mode, each in effects.items()]
            if not all(each.kept for each in rows):
                for letter in letters():
                    print(f"dead letter of {letter.task} {letter.id}: {letter.reason}", file=sys.stderr)
            return rows, kills
        finally:
            store.clean_up(url)


def show(rows: list[Row], kills: Kills, seed: int) -> None:
    """Print the table."""
    killed = ", ".join(f"{number} {who}" for who, number in asdict(kills).items())
    print(f"killed: {killed} (--seed {seed})")
    print(f"{'':4}  {'mode':<13}  {'tasks':>6}  {'lost':>5}  {'repeated':>8}  {'outside its window':>18}")
    for each in rows:
        print(
            f"{'ok' if each.kept else 'FAIL':<4}  {each.mode:<13}  {each.tasks:>6}  {each.lost:>5}  "
            f"{each.repeated:>8}  {each.outside:>18}"
        )


if __name__ == "__main__":
    sys.exit(main())
