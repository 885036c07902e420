"""`make demo`: a service is generated, a task added, a real worker runs it, and what happened is printed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

__all__ = ["main"]

BIN = Path(sys.executable).parent


def main() -> int:
    """Run the three commands that a user would, each shown before it runs; 0 if all of them kept their promise."""
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory(prefix="asyncgen-demo-") as folder:
        service = Path(folder) / "myservice"
        for command, where in (
            (["asyncgen", "new", "myservice", "--defaults"], service.parent),
            (["asyncgen", "add-task", "send_invoice", "--defaults"], service),
            (["make", "--silent", "demo"], service),
        ):
            typer.echo()
            typer.secho(f"$ {' '.join(command)}", bold=True)
            if code := subprocess.run(command, cwd=where, env=env, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
