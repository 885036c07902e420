"""What a file is for, judged from its path."""

import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["Kind", "kind_of_file", "kind_of_folders"]

Kind = Literal["code", "test", "command", "script", "migration"]

_TEST_FILE = re.compile(r"(test|tests|conftest|test_.*|.*_tests?|testing|testutils|factories|fixtures)\.py$")
_TEST_FOLDER = re.compile(
    r"^(tests?|__tests__|testing|testdata|.*[_-]tests?|_?tests?[_-].*|testutils|t|unittests?|test(app|auth|project|site))$"
)
_SCRIPT_FOLDERS = {"scripts", "script", "bin", "tools", "examples", "example", "benchmarks", "docs"}


def kind_of_file(name: str, folders: Kind) -> Kind:
    """`folders` is the kind of those that the file is in."""
    if _TEST_FILE.match(name.lower()):
        return "test"
    return "script" if folders == "code" and name in {"setup.py", "fabfile.py", "manage.py"} else folders


def kind_of_folders(names: Iterable[str]) -> Kind:
    """The kind of files in a folder: `names` are those from the project's root down to it."""
    folders = {name.lower() for name in names}
    if any(_TEST_FOLDER.match(folder) for folder in folders):
        return "test"
    if {"commands", "management"} <= folders:
        return "command"
    if "migrations" in folders or "alembic" in folders:
        return "migration"
    return "script" if _SCRIPT_FOLDERS & folders else "code"
