"""Whether the project can import an exception: tried with the project's own Python, where it has one."""

import subprocess
from functools import cache
from pathlib import Path

from ..errors import BadInput
from ..names import nearest

__all__ = ["check_import"]

_PATIENCE = 20.0
"""Seconds; a module that takes longer to import is left alone."""
# Prints the names of the module's exceptions, or nothing where it cannot be imported: it may not be installed yet.
_CODE = """
import importlib, sys
try:
    found = vars(importlib.import_module(sys.argv[1]))
except BaseException:
    sys.exit()
print("imported", *(name for name, value in found.items() if isinstance(value, type) and issubclass(value, Exception)))
"""


def check_import(error: str, root: Path) -> None:
    """Raise BadInput for `module.Name` where the project in `root` has the module, and it has no such exception."""
    module, _, name = error.rpartition(".")
    names = _exceptions(module, root) if module else ()
    if names and name not in names[1:]:
        near = nearest(name, names[1:])
        mend = f"did you mean {module}.{near}?" if near else f"it has {', '.join(names[1:6]) or 'none'}"
        raise BadInput(f"expected an error to retry on to be an exception of {module}, got: {error}; {mend}")


@cache
def _exceptions(module: str, root: Path) -> tuple[str, ...]:
    python = next((p for p in (root / ".venv/bin/python", root / ".venv/Scripts/python.exe") if p.is_file()), None)
    if python is None:
        return ()
    try:
        done = subprocess.run(
            [python, "-c", _CODE, module],
            cwd=root,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = [line for line in done.stdout.splitlines() if line.startswith("imported")]
    return tuple(lines[-1].split()) if lines else ()
