"""The hard stops, checked in the code alone: `make check` runs `asyncgen check` on this project.

asyncgen is taken from PATH, else from this project's template at the commit that `.copier-answers.yml` records.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from .requirement import ROOT, recorded

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run the check; its exit code, or 2 where asyncgen is nowhere to be had."""
    found = shutil.which("asyncgen")
    if found:
        return subprocess.run([found, "check", ".", *arguments], cwd=ROOT, check=False).returncode
    source = recorded()
    if not source:
        print(
            "expected asyncgen on PATH, or .copier-answers.yml to record a template with a generator at a commit, "
            "got: neither; install asyncgen from its git URL or its wheel, never by its name alone",
            file=sys.stderr,
        )
        return 2
    print(f"asyncgen: from {source}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        command = [*installed(source, Path(folder)), "check", ".", *arguments]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def installed(source: str, folder: Path) -> list[str]:
    """The command of an asyncgen that is installed for this run alone."""
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "--quiet", "--from", source, "asyncgen"]
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", source], check=True)
    return [str(folder / "bin" / "asyncgen")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
