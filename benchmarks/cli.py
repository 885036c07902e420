"""`make bench-cli`: what commands cost beside what they are measured by, as ratios in one run.

Each pair takes turns, RUNS times (7), after one turn of each that only warms the machine. The ratio is that of the
medians of processor seconds, of a process and its children: they hold on a busy machine, where the clock does not.
Exit 1 if a ratio is above its limit.

    python -m benchmarks.cli [--runs 7] [--tasks 1000] [--write]

`--write` puts the table into docs/growing.md.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from runtime.testing.servers.redis import started
from tests.documents import write_results

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "growing.md"
IDENTITY = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com", "-c", "commit.gpgsign=false"]
WITHOUT_EXTRAS = "import sys; sys.modules.update(rich=None, opentelemetry=None); "
"""What this environment has and a default service lacks: structlog imports the one where it is, redis the other."""
LOADED = "from shop.runtime.loading import load; load('shop.app')"
"""How each command of a service imports its application, `worker` too."""
END = "; import os; os._exit(0)"
"""Ends a process at once: Python would look for garbage first, and take its modules apart."""
WORKER = f"""\
{WITHOUT_EXTRAS}import os, runpy
from billiard import active_children
from celery.signals import worker_ready


def end(**_):
    for child in active_children():
        child.terminate()
    os._exit(0)


worker_ready.connect(end, weak=False)
sys.argv = {{command}}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
"""A worker of two processes whose main process ends as soon as it takes messages: it has imported all that it needs."""
BARE_TASK = """\
from celery import shared_task


@shared_task(soft_time_limit=50, time_limit=60, ignore_result=True)
def make_thing{number}(order_id: int) -> None:
    pass
"""
BARE_APP = """\
import os

from celery import Celery

app = Celery("bare", broker=os.environ["SHOP_BROKER_URL"], include={modules})
app.loader.import_default_modules()
app.connection_for_write().transport
"""


@dataclass(frozen=True)
class Pair:
    """What is measured, what beside, each a call that takes the number of the turn, and the highest ratio."""

    name: str
    beside: str
    ours: Callable[[int], None]
    theirs: Callable[[int], None]
    limit: float = float("inf")


def run(folder: Path, *command: str | Path, stdin: str = "") -> None:
    """Run a Python with this tree's generator and the service of `folder`; it has to succeed."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "generator"), str(folder), str(folder / "src")])}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, *map(str, command)]
    done = subprocess.run(words, cwd=folder, env=env, input=stdin, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stderr}")


def git(folder: Path, *arguments: str) -> None:
    """Run git, which has to succeed."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def processor(call: Callable[[int], None], turn: int) -> float:
    """Seconds that the children of this process use for a call."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    call(turn)
    return used() - before


def prepared(folder: Path, tasks: int) -> None:
    """In `folder`: a template of two releases, a service of the older one, others of one and of many tasks, and
    applications of bare Celery with as many.
    """
    template = folder / "template"
    template.mkdir()
    shutil.copy(ROOT / "copier.yml", template)
    shutil.copytree(ROOT / "template", template / "template", ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    git(template, "init", "--quiet")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message", "Release 1.0.0")
    for name in ("old", "small", "large"):
        run(folder, "-m", "asyncgen", "new", name, "--defaults", "--package", "shop", "--template", template)
    many = "\n".join(f"make_thing{number}: {{arg: [order_id:int]}}" for number in range(tasks))
    run(folder / "large", "-m", "asyncgen", "add-task", "--from", "-", stdin=many)
    (folder / "old/README.md").write_text("Mine.\n" + (folder / "old/README.md").read_text())
    git(folder / "old", "commit", "--quiet", "--all", "--message", "Work")
    for path in ("README.md.jinja", "Makefile", "src/{{package}}/app.py", "src/{{package}}/runtime/task.py"):
        file = next((template / "template/service").glob(f"{path}*"))
        file.write_text(file.read_text() + "\n# The newer release.\n")
    git(template, "commit", "--quiet", "--all", "--message", "Release 1.1.0")
    for name, number in (("bare_small", 1), ("bare_large", tasks)):
        modules = folder / name / "bare" / "tasks"
        modules.mkdir(parents=True)
        for each in range(number):
            (modules / f"make_thing{each}.py").write_text(BARE_TASK.format(number=each))
        include = [f"bare.tasks.make_thing{each}" for each in range(number)]
        (modules.parent / "app.py").write_text(BARE_APP.format(modules=include))


def pairs(folder: Path, tasks: int) -> Iterator[Pair]:
    """All that is measured."""

    def python(where: str, *command: str) -> Callable[[int], None]:
        return lambda _: run(folder / where, *command)

    def updated(module: str, *options: str) -> Callable[[int], None]:
        def update(turn: int) -> None:
            copy = folder / f"{module}{turn}"
            shutil.copytree(folder / "old", copy)
            run(copy, "-m", module, "update", *options)
            if "# The newer release." not in (copy / "Makefile").read_text():
                sys.exit(f"{module} update: expected the newer release, got: the older one")

        return update

    def add_task(service: str, prefix: str) -> Callable[[int], None]:
        return lambda turn: run(folder / service, "-m", "asyncgen", "add-task", f"{prefix}{turn}", "--defaults")

    def copied(prefix: str) -> Callable[[int], None]:
        options = ("copy", "--quiet", "--defaults", "--data", "service_name=shop", "template")
        return lambda turn: run(folder, "-m", "copier", *options, f"{prefix}{turn}")

    def new(turn: int) -> None:
        run(folder, "-m", "asyncgen", "new", f"new{turn}", "--defaults", "--template", "template")

    typer = python(".", "-c", "import typer")
    copy = "`copier copy` of the same template"
    yield Pair("`asyncgen --help`", '`python -c "import typer"`', python(".", "-m", "asyncgen", "--help"), typer, 1.5)
    yield Pair("`asyncgen --version`", "the same", python(".", "-m", "asyncgen", "--version"), typer, 1.5)
    yield Pair("`asyncgen new`, with `git init`", copy, new, copied("copy"), 1.0)
    yield Pair("`asyncgen add-task`", copy, add_task("small", "first"), copied("again"), 0.4)
    many = f"`asyncgen add-task`, in a service of {tasks:,} tasks"
    yield Pair(many, "in one of one task", add_task("large", "last"), add_task("small", "other"), 1.2)
    ours, theirs = updated("asyncgen", "--no-verify", "--defaults"), updated("copier", "--quiet", "--defaults")
    yield Pair("`asyncgen update --no-verify`", "`copier update`", ours, theirs, 1.0)
    for size, limit, number in (("small", 1.2, "1 task"), ("large", 1.8, f"{tasks:,} tasks")):
        bare = f"bare_{size}"
        ours, theirs = ("shop", "worker"), ("celery", "-A", "bare.app", "worker", "--concurrency", "2")
        worker = python(size, "-c", WORKER.format(command=list(ours)))
        beside = python(bare, "-c", WORKER.format(command=list(theirs)))
        yield Pair(f"a worker, until it takes messages, {number}", "one of bare Celery", worker, beside, limit)
        for what, beside_it, end, their_end in (
            ("import of its application, by a process that ends", "bare Celery's, with its transport", "", ""),
            ("the import alone, without the end of the process", "the import of bare Celery's alone", END, END),
            ("the same", "bare Celery's, which has made its tasks", END, f"; bare.app.app.finalize(){END}"),
        ):
            imported = python(size, "-c", f"{WITHOUT_EXTRAS}{LOADED}{end}")
            theirs_imported = python(bare, "-c", f"{WITHOUT_EXTRAS}import bare.app{their_end}")
            yield Pair(what, beside_it, imported, theirs_imported)


def main() -> int:
    """Read the command line, measure, print each row when it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = ["| command | CPU, s | beside | CPU, s | ratio | at most |", "|---|---|---|---|---|---|"]
    print(*rows, sep="\n", flush=True)
    within = True
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(started(folder))
        os.environ |= {"SHOP_BROKER_URL": f"{redis}/0", "SHOP_IDEMPOTENCY_URL": f"{redis}/1"}
        prepared(folder, options.tasks)
        for pair in pairs(folder, options.tasks):
            turns = [(processor(pair.ours, turn), processor(pair.theirs, turn)) for turn in range(options.runs + 1)]
            ours, theirs = (median(taken) for taken in zip(*turns[1:], strict=True))
            within &= ours / theirs <= pair.limit
            limit = "" if pair.limit == float("inf") else f"{pair.limit:g}"
            figures = f"{ours:.2f} | {pair.beside} | {theirs:.2f} | {ours / theirs:.2f} | {limit}"
            rows.append(f"| {pair.name} | {figures} |")
            print(rows[-1], flush=True)
    if options.write:
        how = f"`make bench-cli`, {os.cpu_count()} cores, {date.today():%Y-%m-%d}, processor seconds:"
        write_results(DOCUMENT, "cli", "\n".join([how, "", *rows]))
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
