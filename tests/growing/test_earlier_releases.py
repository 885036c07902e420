"""Projects of earlier releases: today's commands add to them from their own template, and remove what that made."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncgen.releases import release_commits

from .commands import asyncgen, inside, tree
from .conftest import ROOT

ADDED = {
    "send_letter": ["--arg", "ids:list[UUID]", "--arg", "mode:enum[card,bank]", "--key", "ids", "--expected", "70"],
    "charge": ["--idempotency", "natural", "--every", "*/5 * * * *", "--bound", "io"],
    "ship": ["--arg", "at:datetime", "--max-retries", "0", "--keep-result", "the caller asks for it"],
}
SHAPES = {
    "one": ["--chain", "send_letter,charge,ship"],
    "two": ["--group", "charge,ship"],
    "three": ["--chord", "ship,charge:send_letter"],
}


@pytest.fixture(scope="module", params=["0.1.0", "0.2.0", "0.2.1"])
def earlier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service of an earlier release, with its sample task alone."""
    folder = tmp_path_factory.mktemp("earlier")
    answers = [word for name in ("results=redis", "scheduler=true") for word in ("-d", name)]
    with inside(folder):
        commit = release_commits(ROOT)[request.param]
        ran = asyncgen("new", "shop", "--defaults", "--template", str(ROOT), "--ref", commit, *answers)
    assert ran.code == 0, ran.err
    return folder / "shop"


@pytest.fixture
def service(earlier: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, as the current folder."""
    shutil.copytree(earlier, tmp_path / "shop")
    with inside(tmp_path / "shop") as copy:
        yield copy


def test_what_was_added_is_removed(service: Path) -> None:
    before = tree(service)
    for name, options in ADDED.items():
        assert asyncgen("add-task", name, *options).code == 0
    for name, options in SHAPES.items():
        assert asyncgen("add-workflow", name, *options).code == 0
    arrows = {line.strip() for line in asyncgen("tasks", "--mermaid").out.splitlines() if "==>" in line}
    assert arrows == {
        "task_send_letter == one ==> task_charge",
        "task_charge == one ==> task_ship",
        "task_ship == three ==> task_send_letter",
        "task_charge == three ==> task_send_letter",
    }
    for command, names in (("remove-workflow", SHAPES), ("remove-task", ADDED)):
        for name in names:
            ran = asyncgen(command, name)
            assert (ran.code, ran.err) == (0, "")
    assert tree(service) == before
    assert asyncgen("remove-task", "send_welcome").code == 0


@pytest.mark.parametrize("kind", ["task", "workflow"])
@pytest.mark.parametrize("place", [0, 1])
def test_an_edit_is_seen(service: Path, kind: str, place: int) -> None:
    for name, options in ADDED.items():
        asyncgen("add-task", name, *options)
    asyncgen("add-workflow", "ship_all", *SHAPES["one"])
    name = {"task": "send_welcome", "workflow": "ship_all"}[kind]
    path = (f"src/shop/{kind}s/{name}.py", f"tests/{kind}s/test_{name}.py")[place]
    (service / path).write_text(f"{(service / path).read_text()}# mine\n")
    ran = asyncgen(f"remove-{kind}", name)
    assert ran.code == 2
    assert ran.err.startswith(f"asyncgen: expected {path} to be as asyncgen add-{kind} made it, got: edits")
    assert asyncgen(f"remove-{kind}", name, "--force").code == 0
