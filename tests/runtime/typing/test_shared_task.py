"""What mypy and pyright say of typed tasks: an error at each line of `wrong.py` that is marked, and none elsewhere."""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import celery
import pytest

import runtime

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCES = ROOT / "template" / "service" / "src" / "{{package}}"
STUB = SOURCES / "runtime" / "decorator.pyi"
RIGHT = HERE / "right.py"
WRONG = HERE / "wrong.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
    )


def by_mypy(folder: Path) -> Iterator[str]:
    """The lines with errors, by the configuration of this repository, which is strict."""
    for line in run("-m", "mypy", "--output", "json", str(RIGHT), str(WRONG)).stdout.splitlines():
        diagnostic = json.loads(line)
        if diagnostic["severity"] == "error":
            yield f"{Path(diagnostic['file']).name}:{diagnostic['line']}"


def by_pyright(folder: Path) -> Iterator[str]:
    """The lines with errors, by the build of pyright that brings its own Node.js; the stub is checked with them."""
    started = run("-m", "basedpyright", "--version")
    if started.returncode and not os.environ.get("CI"):
        pytest.skip(f"expected basedpyright to run on this machine, got: {started.stderr}")
    configuration = folder / "pyrightconfig.json"
    configuration.write_text(
        json.dumps(
            {
                "typeCheckingMode": "strict",
                "pythonVersion": "3.11",
                "include": [str(file) for file in (RIGHT, WRONG, STUB)],
                "extraPaths": [str(SOURCES)],
            }
        )
    )
    output = run(
        "-m", "basedpyright", "--project", str(configuration), "--pythonpath", sys.executable, "--outputjson"
    ).stdout
    for diagnostic in json.loads(output)["generalDiagnostics"]:
        yield f"{Path(diagnostic['file']).name}:{diagnostic['range']['start']['line'] + 1}"


def marked(checker: str) -> Iterator[str]:
    for number, line in enumerate(WRONG.read_text().splitlines(), 1):
        if (mark := re.search(r"# wrong(: \w+)?$", line)) and mark[1] in (None, f": {checker}"):
            yield f"{WRONG.name}:{number}"


@pytest.mark.xdist_group("mypy")
@pytest.mark.parametrize(("checker", "errors"), [("mypy", by_mypy), ("pyright", by_pyright)])
def test_every_wrong_line_is_reported_and_no_other(
    checker: str, errors: Callable[[Path], Iterator[str]], tmp_path: Path
) -> None:
    assert set(errors(tmp_path)) ^ set(marked(checker)) == set()


def test_the_right_tasks_use_every_option_that_type_checkers_know() -> None:
    options = {
        node.target.id
        for definition in ast.parse(STUB.read_text()).body
        if isinstance(definition, ast.ClassDef) and definition.name == "TaskOptions"
        for node in definition.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert options >= set(inspect.get_annotations(runtime.ServiceTask))
    decorators = [
        node
        for definition in ast.parse(RIGHT.read_text()).body
        if isinstance(definition, ast.FunctionDef) and definition.name == "every_option"
        for node in definition.decorator_list
    ]
    assert [{keyword.arg for keyword in node.keywords} for node in decorators if isinstance(node, ast.Call)] == [
        {"base", "bind", *options}
    ]


def test_at_run_time_it_is_celerys_own_and_the_right_tasks_can_be_made() -> None:
    """In a process of its own: shared tasks become tasks of every application in theirs."""
    assert runtime.shared_task is celery.shared_task
    made = run(str(RIGHT))
    assert made.stdout.split() == ["send_welcome", "charge", "report", "long_list", "every_option"], made.stderr
