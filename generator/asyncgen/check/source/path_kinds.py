"""What a file is for, judged from its path."""

import re
from pathlib import PurePosixPath
from typing import Literal

__all__ = ["Kind", "kind_of_path"]

Kind = Literal["code", "test", "command", "script", "migration"]

_TEST_FILE = re.compile(r"(test|tests|conftest|test_.*|.*_tests?|testing|testutils|factories|fixtures)\.py$")
_TEST_FOLDER = re.compile(r"^(tests?|__tests__|testing|testdata|.*[_-]tests?|_?tests?[_-].*|testutils|t|unittests?)$")
_SCRIPT_FOLDERS = {"scripts", "script", "bin", "tools", "examples", "example", "benchmarks", "docs"}


def kind_of_path(relative: PurePosixPath) -> Kind:
    """`relative` is the path below the project's root."""
    folders = [part.lower() for part in relative.parts[:-1]]
    if _TEST_FILE.match(relative.name.lower()) or any(_TEST_FOLDER.match(f) for f in folders):
        return "test"
    if "commands" in folders and "management" in folders:
        return "command"
    if "migrations" in folders or "alembic" in folders:
        return "migration"
    if _SCRIPT_FOLDERS & set(folders) or relative.name in {"setup.py", "fabfile.py", "manage.py"}:
        return "script"
    return "code"
