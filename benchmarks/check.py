"""How long `asyncgen check` takes, beside parsing every file with `ast`, `ruff check` and flake8 on the same tree.

Usage: python benchmarks/check.py FOLDER [--rounds N] [--clone CLONE]

A clone of another release of asyncgen is a contestant too. They take turns, and the least of each counts, of processor
time and of elapsed time: on a busy machine the ratio is what can be trusted.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

__all__ = ["main"]


def parse_every_file(folder: Path) -> None:
    """In this process: what any tool pays that parses all there is, without its start."""
    warnings.simplefilter("ignore")
    for path in folder.rglob("*.py"):
        try:
            ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue


def command(*arguments: str, clone: Path | None = None) -> Callable[[Path], None]:
    environment = os.environ | ({} if clone is None else {"PYTHONPATH": str(clone.resolve() / "generator")})

    def call(folder: Path) -> None:
        silent = subprocess.DEVNULL
        subprocess.run([*arguments, str(folder)], check=False, stdout=silent, stderr=silent, env=environment)

    return call


def contestants(clone: Path | None) -> dict[str, Callable[[Path], None]]:
    check = (sys.executable, "-m", "asyncgen", "check")
    found: dict[str, Callable[[Path], None]] = {
        "ast.parse of every file": parse_every_file,
        "asyncgen check": command(*check),
    }
    if clone is not None:
        found[f"asyncgen check of {clone.name}"] = command(*check, clone=clone)
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ruff, flake8 = shutil.which("ruff", path=search), shutil.which("flake8", path=search)
    if ruff:
        found["ruff check"] = command(ruff, "check", "--no-cache", "--isolated", "--quiet")
    if flake8:
        found["flake8"] = command(flake8, "--isolated", "--select", "F")
    return found


def clocks() -> tuple[float, float]:
    """The processor time of this process and those that it has run, and the time of day."""
    times = os.times()
    return sum(times[:4]), time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clone", type=Path)
    options = parser.parse_args()
    best: dict[str, tuple[float, float]] = {}
    for _ in range(options.rounds):
        for name, run in contestants(options.clone).items():
            start = clocks()
            run(options.folder)
            end = clocks()
            taken = end[0] - start[0], end[1] - start[1]
            least = best.get(name, taken)
            best[name] = min(taken[0], least[0]), min(taken[1], least[1])
    base = best["ast.parse of every file"]
    files = sum(1 for _ in options.folder.rglob("*.py"))
    print(f"{options.folder.name}: {files} files, least of {options.rounds}")
    for name, (used, elapsed) in best.items():
        ratios = f"{used:7.2f} s {used / base[0]:6.2f} processor, {elapsed:7.2f} s {elapsed / base[1]:6.2f} elapsed"
        print(f"  {name:26} {ratios}")


if __name__ == "__main__":
    main()
