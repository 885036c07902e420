"""What a file is for, judged from its path."""

import re
from functools import cache
from typing import Literal

__all__ = ["Kind", "kind_of_path"]

Kind = Literal["code", "test", "command", "script", "migration"]

_TEST_FILE = re.compile(r"(test|tests|conftest|test_.*|.*_tests?|testing|testutils|factories|fixtures)\.py$")
_TEST_FOLDER = re.compile(r"^(tests?|__tests__|testing|testdata|.*[_-]tests?|_?tests?[_-].*|testutils|t|unittests?)$")
_SCRIPT_FOLDERS = {"scripts", "script", "bin", "tools", "examples", "example", "benchmarks", "docs"}


def kind_of_path(folders: tuple[str, ...], name: str) -> Kind:
    """`folders` are those between the project's root and the file."""
    if _TEST_FILE.match(name.lower()):
        return "test"
    kind = _kind_of_folders(folders)
    return "script" if kind == "code" and name in {"setup.py", "fabfile.py", "manage.py"} else kind


@cache
def _kind_of_folders(given: tuple[str, ...]) -> Kind:
    folders = {folder.lower() for folder in given}
    if any(_TEST_FOLDER.match(folder) for folder in folders):
        return "test"
    if {"commands", "management"} <= folders:
        return "command"
    if "migrations" in folders or "alembic" in folders:
        return "migration"
    return "script" if _SCRIPT_FOLDERS & folders else "code"
