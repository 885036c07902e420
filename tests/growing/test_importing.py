"""An exception is tried for import where the project can import its module."""

import sys
from pathlib import Path

from .commands import asyncgen, tree


def own_python(service: Path) -> None:
    """The project's Python: this one, with an error of the project's own."""
    (service / ".venv/bin").mkdir(parents=True)
    (service / ".venv/bin/python").symlink_to(sys.executable)
    (service / "elsewhere.py").write_text("class TryAgain(Exception): ...\n\n\nclass Other: ...\n")


def test_a_name_that_the_module_lacks_is_refused(service: Path) -> None:
    own_python(service)
    before = tree(service)
    for wrong in ("elsewhere.TryAgian", "elsewhere.Other"):
        ran = asyncgen("add-task", "fetch", "--retry-on", wrong)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert ran.err.startswith(
            f"asyncgen: expected an error to retry on to be an exception of elsewhere, got: {wrong}; "
        )
    assert tree(service) == before
    assert asyncgen("add-task", "fetch", "--retry-on", "elsewhere.TryAgain").code == 0


def test_a_module_that_is_not_there_yet_is_taken(service: Path) -> None:
    assert asyncgen("add-task", "fetch", "--retry-on", "elsewhere.TryAgain").code == 0
    own_python(service)
    assert asyncgen("add-task", "fetch_more", "--retry-on", "not_installed_yet.Error").code == 0
