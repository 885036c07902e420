"""What CONTRIBUTING.md says of the code is there: each place, and each name in its file."""

import ast
import re

import pytest

from .building import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
STEP = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \| .+ \|$", re.MULTILINE)
PLACES = TEXT.partition("## Where things lie\n")[2].partition("\n## ")[0]
SPAN = re.compile(r"`([^`\n]+)`")


def missing(step: tuple[str, str]) -> bool:
    """Whether a file does not define a name; one that is no Python, or a name that is a whole line, has it as text."""
    file, name = ROOT / step[0], step[1].replace("\\|", "|")
    if not file.is_file():
        return True
    text = file.read_text()
    if file.suffix != ".py" or not re.fullmatch(r"[\w.]+", name):
        return name not in text
    return name not in defined(ast.parse(text))


def defined(tree: ast.Module) -> set[str]:
    """The functions, classes, methods and constants of a module."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{below.name}" for below in node.body if isinstance(below, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            names |= set(map(ast.unparse, node.targets if isinstance(node, ast.Assign) else [node.target]))
    return names


def test_each_step_names_what_its_file_defines() -> None:
    steps = STEP.findall(TEXT)
    assert len(steps) > 30
    assert [step for step in steps if missing(step)] == []


def test_each_place_is_there() -> None:
    rows = [line.split(" | ")[0] for line in PLACES.splitlines() if line.startswith("| `")]
    places = [place for row in rows for place in SPAN.findall(row)]
    assert len(places) > 8
    assert [place for place in places if not (ROOT / place).exists()] == []


@pytest.mark.parametrize(
    "step",
    [
        ("generator/asyncgen/plans.py", "apply"),
        ("generator/asyncgen/plan.py", "write"),
        ("generator/asyncgen/journal.py", "Journal.write"),
        ("copier.yml", "kafka:"),
    ],
)
def test_a_name_that_is_not_there_is_found(step: tuple[str, str]) -> None:
    assert missing(step)
