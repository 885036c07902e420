"""How long `asyncgen check` takes, beside parsing every file with `ast`, `ruff check` and flake8 on the same tree.

Usage: python benchmarks/check.py FOLDER [--rounds N]

The contestants take turns, and the best of each counts: on a busy machine the ratio is what can be trusted.
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


def command(*arguments: str) -> Callable[[Path], None]:
    def call(folder: Path) -> None:
        subprocess.run([*arguments, str(folder)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return call


def contestants() -> dict[str, Callable[[Path], None]]:
    found: dict[str, Callable[[Path], None]] = {
        "ast.parse of every file": parse_every_file,
        "asyncgen check": command(sys.executable, "-m", "asyncgen", "check"),
    }
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ruff, flake8 = shutil.which("ruff", path=search), shutil.which("flake8", path=search)
    if ruff:
        found["ruff check"] = command(ruff, "check", "--no-cache", "--isolated", "--quiet")
    if flake8:
        found["flake8"] = command(flake8, "--isolated", "--select", "F")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    best: dict[str, float] = {}
    for _ in range(options.rounds):
        for name, run in contestants().items():
            start = time.perf_counter()
            run(options.folder)
            taken = time.perf_counter() - start
            best[name] = min(taken, best.get(name, taken))
    base = best["ast.parse of every file"]
    files = sum(1 for _ in options.folder.rglob("*.py"))
    print(f"{options.folder.name}: {files} files, best of {options.rounds}")
    for name, taken in best.items():
        print(f"  {name:26} {taken:7.2f} s  {taken / base:6.2f}")


if __name__ == "__main__":
    main()
