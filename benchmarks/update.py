"""What `asyncgen update` costs beside plain `copier update`: the same projects, taken in turns, in the same run.

`python benchmarks/update.py [RUNS]` plants a newer release after the working tree's template, makes one project of the
older one, and updates a fresh copy of it with each command, RUNS times (7). Verification is left out, since Copier has
none. Processor seconds of the process and its children are compared besides the clock: they hold on a busy machine.
Exits 1 if either ratio is above 1.0.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
IDENTITY = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com", "-c", "commit.gpgsign=false"]
COMMANDS = {
    "asyncgen update": ["asyncgen", "update", "--no-verify", "--defaults"],
    "copier update": ["copier", "update", "--quiet", "--defaults"],
}


def run(folder: Path, *command: str) -> tuple[float, float]:
    """Seconds on the clock and of the processor that a Python module's command takes; it has to succeed."""
    env = os.environ | {"PYTHONPATH": str(ROOT / "generator")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", *command], cwd=folder, env=env, check=True, capture_output=True)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def git(folder: Path, *arguments: str) -> None:
    """Run git, which has to succeed."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def prepared(folder: Path) -> Path:
    """A project of the older of two releases, with an edit, in a folder with the template beside it."""
    template, project = folder / "template", folder / "shop"
    template.mkdir()
    shutil.copy(ROOT / "copier.yml", template)
    shutil.copytree(ROOT / "template", template / "template", ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    git(template, "init", "--quiet")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message", "Release 1.0.0")
    run(folder, "asyncgen", "new", "shop", "--defaults", "--template", str(template))
    (project / "README.md").write_text("Mine.\n" + (project / "README.md").read_text())
    git(project, "commit", "--quiet", "--all", "--message", "Work")
    for path in ("README.md.jinja", "Makefile", "src/{{package}}/times.py", "src/{{package}}/app.py"):
        file = template / "template" / "service" / path
        file.write_text(file.read_text() + "\n# The newer release.\n")
    git(template, "commit", "--quiet", "--all", "--message", "Release 1.1.0")
    return project


def main(runs: int) -> int:
    """Print the medians and their ratio."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        project = prepared(Path(folder))
        for number in range(runs + 1):
            for name, command in COMMANDS.items():
                copy = Path(shutil.copytree(project, Path(folder) / f"{name} {number}" / "shop"))
                seconds = run(copy, *command)
                assert "# The newer release." in (copy / "Makefile").read_text()
                if number:  # the first of each only warms the machine
                    taken[name].append(seconds)
    medians = {name: [statistics.median(kind) for kind in zip(*times, strict=True)] for name, times in taken.items()}
    for name, (clock, processor) in medians.items():
        print(f"{name:<16} {clock:6.2f} s  {processor:6.2f} s of processor")
    ours, theirs = (medians[name] for name in COMMANDS)
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    print(f"{'ratio':<16} {ratios[0]:6.2f}    {ratios[1]:6.2f}")
    return int(max(ratios) > 1.0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
