"""`make demo`: a service is generated, a task added, a real worker runs it, and what happened is printed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

__all__ = ["main"]

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run the three commands that a user would, each shown before it runs; 0 if all of them kept their promise.

    The service runs in the environment of this process: it makes none of its own.
    """
    asyncgen = [sys.executable, "-m", "asyncgen"]
    make = ["make", "--silent", f"--old-file={sys.prefix}/.installed", f"VENV={sys.prefix}"]
    with tempfile.TemporaryDirectory(prefix="asyncgen-demo-") as folder:
        service = Path(folder) / "myservice"
        path = os.pathsep.join(map(str, (ROOT / "generator", service / "src")))
        env = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"} | {"PYTHONPATH": path}
        for shown, command, arguments, where in (
            ("asyncgen", asyncgen, ["new", "myservice", "--defaults"], service.parent),
            ("asyncgen", asyncgen, ["add-task", "send_invoice", "--defaults"], service),
            ("make", make, ["demo"], service),
        ):
            typer.echo()
            typer.secho(f"$ {' '.join([shown, *arguments])}", bold=True)
            if code := subprocess.run([*command, *arguments], cwd=where, env=env, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
