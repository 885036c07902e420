"""`make bench`: renders services, makes a venv for them and for what they are compared with, runs the rounds, prints.

    python -m benchmarks.throughput [--tasks 2000] [--rounds 5] [--broker redis] [--write]
    python -m benchmarks.throughput --turns 200    what observing costs, and nothing else: 200 s for each row

`--write` puts the table into docs/benchmarks.md and the plot beside it. Needs redis-server, rabbitmq-server and /proc;
the SQL is PostgreSQL at ASYNCGEN_POSTGRESQL_URL, else SQLite.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from tests.documents import write_results
from tests.postgresql import postgresql
from tests.template.rendering import ROOT, render

from .report import plot, table, turns_table
from .variants import PACKAGES, variants

__all__ = ["main"]

PEERS = ["celery-once", "celery-singleton", "dramatiq[redis,rabbitmq]"]
HARNESS = ["pytest", "pyyaml"]
"""What `runtime.testing` imports beside the services' own dependencies."""
DOCUMENT = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"


def main() -> None:
    """Read the command line, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--broker", action="append", choices=["redis", "rabbitmq"], help="default: both")
    parser.add_argument("--only", default="", help="variants whose names this regular expression finds")
    parser.add_argument("--turns", type=int, default=0, help="seconds; measure what observing costs instead")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    brokers = options.broker or ["redis", "rabbitmq"]
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary, postgresql() as sql:
        folder = Path(temporary)
        services = [
            render(folder / name, {"package": name, "ci": "none", "deploy": [], **answers})
            for name, answers in PACKAGES.items()
        ]
        python = venv(folder / "venv", services)
        command = [python, "-m", "benchmarks.throughput.rounds", "--tasks", str(options.tasks)]
        command += ["--rounds", str(options.rounds), "--only", options.only, "--turns", str(options.turns)]
        command += ["--sql", sql or f"sqlite:///{folder}/sql.db", *(f"--broker={broker}" for broker in brokers)]
        path = os.pathsep.join([str(ROOT), str(ROOT / "template/service/src/{{package}}")])
        done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE)
    if not done.stdout:
        sys.exit(done.returncode)
    results = json.loads(done.stdout)
    if options.turns:
        print(turns_table(results))
        sys.exit(done.returncode)
    against = {
        each.name: each.against
        for each in variants("redis", dict.fromkeys(("broker", "redis", "sql", "collector"), ""))
    }
    tables = "\n\n".join(table(broker, figures, against) for broker, figures in results.items())
    print(tables)
    if done.returncode:
        sys.exit(done.returncode)
    if options.write:
        said = (
            f"`python -m benchmarks.throughput --tasks {options.tasks} --rounds {options.rounds}`, "
            f"{os.cpu_count()} cores, {date.today()}; SQL is {'PostgreSQL' if sql else 'SQLite'}."
        )
        write_results(DOCUMENT, "results", f"{said}\n\n{tables}")
        PLOT.write_text(plot(results))


def venv(folder: Path, services: list[Path]) -> str:
    """A Python with the services and their peers installed."""
    python = str(folder / "bin" / "python")
    wanted = [*(word for service in services for word in ("--editable", str(service))), *PEERS, *HARNESS]
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *wanted], check=True)
    else:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


if __name__ == "__main__":
    main()
