"""What strict mypy and pyright say of calls: an error at each line of `wrong.py` that is marked, and none elsewhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asyncgen.clones import Template

from .contracts import contract, files, write

HERE = Path(__file__).with_name("typing")
CHECKED = [str(HERE / "right.py"), str(HERE / "wrong.py")]


@pytest.fixture(scope="module")
def books(source: Template, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source folder of a client."""
    return write(tmp_path_factory.mktemp("books"), files(contract(package="books"), source)) / "src"


def by_mypy(books: Path, folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--output", "json", *CHECKED]
    environ = os.environ | {"MYPYPATH": str(books)}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        diagnostic = json.loads(line)
        if diagnostic["severity"] == "error" and Path(diagnostic["file"]).parent.name == HERE.name:
            yield f"{Path(diagnostic['file']).name}:{diagnostic['line']}"


def by_pyright(books: Path, folder: Path) -> Iterator[str]:
    """As for somebody without the stubs of Celery."""
    configuration = folder / "pyrightconfig.json"
    options = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "include": CHECKED, "extraPaths": [str(books)]}
    configuration.write_text(json.dumps(options | {"stubPath": str(folder / "none")}))
    python = without_stubs(folder)
    command = [sys.executable, "-m", "basedpyright", "--project", str(configuration), "--pythonpath", str(python)]
    done = subprocess.run([*command, "--outputjson"], capture_output=True, text=True)
    if not done.stdout and not os.environ.get("CI"):
        pytest.skip(f"expected basedpyright to run on this machine, got: {done.stderr}")
    for diagnostic in json.loads(done.stdout)["generalDiagnostics"]:
        yield f"{Path(diagnostic['file']).name}:{diagnostic['range']['start']['line'] + 1}"


def without_stubs(folder: Path) -> Path:
    """A Python that has what this one has, but for stubs."""
    import venv

    import celery

    venv.create(folder / "venv", symlinks=True)
    (modules,) = (folder / "venv/lib").glob("python*/site-packages")
    for module in Path(celery.__file__).parents[1].iterdir():
        if not module.name.endswith("-stubs") and module.suffix != ".pth":
            (modules / module.name).symlink_to(module)
    return folder / "venv/bin/python"


def marked(checker: str) -> Iterator[str]:
    for number, line in enumerate((HERE / "wrong.py").read_text().splitlines(), 1):
        if (mark := re.search(r"# wrong(: \w+)?$", line)) and mark[1] in (None, f": {checker}"):
            yield f"wrong.py:{number}"


@pytest.mark.parametrize(("checker", "errors"), [("mypy", by_mypy), ("pyright", by_pyright)])
def test_every_wrong_line_is_reported_and_no_other(
    checker: str, errors: Callable[[Path, Path], Iterator[str]], books: Path, tmp_path: Path
) -> None:
    assert set(errors(books, tmp_path)) ^ set(marked(checker)) == set()
