"""How long a command takes in a service that has grown, and how soon its worker is ready.

`python -m benchmarks.growing [TASKS]`, with the folder of the template's `runtime` on PYTHONPATH, makes a service of
this tree's template in a temporary folder, adds TASKS tasks (1000) and times, each the median of several runs in
processes of their own: the first `add-task`, the last one, `asyncgen tasks`, the import of the service's application,
which a worker does before it connects, and a worker on a Redis of its own until it is ready.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runtime.testing.servers import running

ROOT = Path(__file__).parents[1]
RUNS = 9
IDENTITY = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com", "-c", "commit.gpgsign=false"]


def run(folder: Path, *command: str, stdin: str = "") -> float:
    """Seconds that a command takes; it has to succeed."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "generator"), str(folder / "src")])}
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, input=stdin, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def asyncgen(folder: Path, *arguments: str, stdin: str = "") -> float:
    """Seconds that a command of this repository takes."""
    return run(folder, sys.executable, "-m", "asyncgen", *arguments, stdin=stdin)


def interleaved(first: Path, last: Path) -> tuple[float, float]:
    """The median of an add-task in each of two services, taken in turns, so that the machine's moods hit both."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(RUNS):
        for service, taken in zip((first, last), times, strict=True):
            taken.append(asyncgen(service, "add-task", f"timed_task{number}"))
    return statistics.median(times[0]), statistics.median(times[1])


def ready(service: Path) -> float:
    """Seconds until a worker of the service is ready, on a Redis of its own."""
    needs = {"SHOP_BROKER_URL": "redis", "SHOP_IDEMPOTENCY_URL": "redis"}
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), needs, environ={}) as urls:
        env |= {**urls, "PYTHONPATH": str(service / "src")}
        began = time.perf_counter()
        command = [sys.executable, "-m", "shop", "worker"]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as worker:
            next(line for line in worker.stdout or () if " ready." in line)
            taken = time.perf_counter() - began
            worker.terminate()
            worker.communicate()
    return taken


def main(tasks: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        template = folder / "template"
        template.mkdir()
        shutil.copy(ROOT / "copier.yml", template)
        shutil.copytree(ROOT / "template", template / "template", ignore=shutil.ignore_patterns("__pycache__"))
        for command in (["init", "-q"], ["add", "--all"], [*IDENTITY, "commit", "-qm", "Template"]):
            run(template, "git", *command)
        for name in ("small", "large"):
            asyncgen(folder, "new", name, "--defaults", "--package", "shop", "--template", str(template))
        small, large = folder / "small", folder / "large"
        many = "\n".join(f"make_thing{number}: {{arg: [order_id:int]}}" for number in range(tasks))
        batch = asyncgen(large, "add-task", "--from", "-", stdin=many)
        first, last = interleaved(small, large)
        listing = [asyncgen(large, "tasks") for _ in range(3)]
        start = {
            service: statistics.median(run(service, sys.executable, "-c", "import shop.app") for _ in range(5))
            for service in (small, large)
        }
        worker = {service: statistics.median(ready(service) for _ in range(5)) for service in (small, large)}
    print(f"add-task in a service of 1 task        {first:6.3f} s")
    print(f"add-task in a service of {tasks:<5} tasks   {last:6.3f} s   ratio {last / first:.2f}")
    print(f"{tasks} tasks from a file                {batch:6.3f} s")
    print(f"asyncgen tasks of {tasks}                {statistics.median(listing):6.3f} s")
    print(f"import of the application, 1 task      {start[small]:6.3f} s")
    print(f"import of the application, {tasks} tasks {start[large]:6.3f} s")
    print(f"worker until it is ready, 1 task       {worker[small]:6.3f} s")
    print(f"worker until it is ready, {tasks} tasks  {worker[large]:6.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
