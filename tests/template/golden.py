"""The default render but for its runtime, committed so that a change in the template shows what its users will see.

`python -m tests.template.golden` writes it anew, and the digests of the runtime's files.
"""

import shutil
import tempfile
from pathlib import Path

from runtime.testing.digests import LIST, digests

from .rendering import ROOT, render

__all__ = ["GOLDEN", "RUNTIME", "fresh", "owned", "tree"]

GOLDEN = Path(__file__).parent / "golden"
RUNTIME = ROOT / "template" / "service" / "src" / "{{package}}" / "runtime"
LEFT_BEHIND = {"__pycache__", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


def fresh(folder: Path) -> Path:
    """Render the defaults into `folder`."""
    return render(folder / "myservice", {})


def tree(folder: Path) -> dict[str, str]:
    """Every file below `folder` and its text, but for what tools leave behind."""
    files = (file for file in folder.rglob("*") if file.is_file())
    kept = {file.relative_to(folder): file for file in files}
    return {name.as_posix(): file.read_text() for name, file in kept.items() if not LEFT_BEHIND & set(name.parts)}


def owned(service: Path) -> dict[str, str]:
    """The owner's part of a service: every file outside its runtime."""
    return {name: text for name, text in tree(service).items() if "/runtime/" not in name}


if __name__ == "__main__":
    LIST.write_text(digests())
    with tempfile.TemporaryDirectory() as temporary:
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, text in owned(fresh(Path(temporary))).items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text)
