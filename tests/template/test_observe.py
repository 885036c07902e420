"""Every combination of what observes a service: clean, typed, and with the libraries that it imports, no others."""

import ast
import itertools
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .commands import run
from .rendering import AXES, render
from .test_matrix import lint

CHOICES = ("metrics", "sentry", "traces")
COMBINATIONS = [list(chosen) for number in range(4) for chosen in itertools.combinations(CHOICES, number)]
LIBRARIES = {"metrics": "prometheus_client", "sentry": "sentry_sdk", "traces": "opentelemetry"}


@pytest.mark.parametrize("observe", [[], list(CHOICES)], ids=str)
def test_a_service_names_the_libraries_that_it_imports(observe: list[str], tmp_path: Path) -> None:
    check_libraries(render(tmp_path / "shop", {"observe": observe, "producer": "fastapi"}), observe)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "observe"), list(enumerate(COMBINATIONS)), ids=str)
def test_every_combination_is_clean(number: int, observe: list[str], tmp_path: Path) -> None:
    producer = AXES["producer"][number % 3]
    project = render(tmp_path / "shop", {"package": "my_shop", "observe": observe, "producer": producer})
    check_libraries(project, observe)
    lint(project)
    run(sys.executable, "-m", "mypy", cwd=project)
    run(sys.executable, "-m", "pytest", "tests/test_tasks.py", cwd=project, env={"PYTHONPATH": "src"})


def check_libraries(project: Path, observe: list[str]) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {canonicalize_name(Requirement(each).name) for each in declared} | {"pydantic"}  # of pydantic-settings
    files = [*project.glob("src/*/*.py"), *project.glob("src/*/runtime/observability/**/*.py")]
    found = set().union(*map(imported, files))
    assert {name for name in LIBRARIES.values() if name in found} == {LIBRARIES[each] for each in observe}
    distributions = packages_distributions()
    for name in found - set(sys.stdlib_module_names):
        assert {canonicalize_name(each) for each in distributions[name]} & names, name


def imported(file: Path) -> set[str]:
    """The top-level packages that a module imports, its own left out."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found
