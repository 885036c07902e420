"""`make check` and `make contract-diff`: the asyncgen on PATH, else one that is installed once and kept.

The kept one has an environment of its own in .venv, named by its pinned source; only another source makes a new one.
"""

import hashlib
import shutil
import subprocess
import sys

from .requirement import ROOT, required

__all__ = ["main"]

KEPT = ROOT / ".venv" / "asyncgen"


def main(arguments: list[str]) -> int:
    """Run asyncgen; returns its exit code, 2 where it could not be installed, 0 where no source is known."""
    if program := shutil.which("asyncgen"):
        return subprocess.call([program, *arguments], cwd=ROOT)
    try:
        source = required()
        if not source:
            print(
                "nothing was checked: asyncgen is not on PATH, .copier-answers.yml records no git URL, "
                "and the variable ASYNCGEN is not set",
                file=sys.stderr,
            )
            return 0
        python = _installed(source)
    except (ValueError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    # -P: a file of the project's must not stand in for a module.
    return subprocess.call([python, "-P", "-m", "asyncgen", *arguments], cwd=ROOT)


def _installed(source: str) -> str:
    """The Python of the environment that has asyncgen from that source."""
    wheel = ROOT / source
    content = wheel.read_bytes() if wheel.is_file() else b""
    folder = KEPT / hashlib.sha256(source.encode() + content).hexdigest()[:16]
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(KEPT, ignore_errors=True)
        if uv := shutil.which("uv"):
            make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
            install = [uv, "pip", "install", "--quiet", "--python", str(python), source]
        else:
            make = [sys.executable, "-m", "venv", str(folder)]
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", source]
        subprocess.run(make, cwd=ROOT, check=True)
        subprocess.run(install, cwd=ROOT, check=True)
        complete.touch()
    return str(python)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["check", "."]))
