"""The hard stops, checked in the code alone: `make check` runs `asyncgen check` on this project.

asyncgen is taken from PATH, else from where this project's template came from, as `.copier-answers.yml` records it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import yaml

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
URL = re.compile(r"(git\+)?(https?|ssh|git|file)://|git@")


def main(arguments: list[str]) -> int:
    """Run the check; its exit code, or 2 where asyncgen is nowhere to be had."""
    answers = yaml.safe_load((ROOT / ".copier-answers.yml").read_text())
    found = shutil.which("asyncgen")
    if found:
        return subprocess.run([found, "check", ".", *arguments], cwd=ROOT, check=False).returncode
    source = requirement(str(answers.get("_src_path", "")), str(answers.get("_commit", "")))
    if not source:
        print(
            f"expected asyncgen on PATH, or this project's template at {answers.get('_src_path')}, got: neither; "
            "install asyncgen, then run make check again",
            file=sys.stderr,
        )
        return 2
    print(f"asyncgen: from {source}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        command = [*installed(source, Path(folder)), "check", ".", *arguments]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def requirement(source: str, commit: str) -> str:
    """What pip calls the recorded source; empty where it is a folder that holds no generator."""
    if URL.match(source):
        return f"{source if source.startswith('git+') else f'git+{source}'}@{commit}"
    folder = Path(source).expanduser()
    return f"git+{folder.resolve().as_uri()}@{commit}" if source and (folder / "generator").is_dir() else ""


def installed(source: str, folder: Path) -> list[str]:
    """The command of an asyncgen that is installed for this run alone."""
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "--quiet", "--from", source, "asyncgen"]
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", source], check=True)
    return [str(folder / "bin" / "asyncgen")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
