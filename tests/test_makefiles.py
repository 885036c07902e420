"""`make help` of this repository and of a service fits a terminal of 80 columns."""

import subprocess
from pathlib import Path

import pytest

from tests.demo import ROOT
from tests.template.rendering import render


def longest(folder: Path) -> int:
    """Of the lines of `make help`, one for each target that has a help."""
    done = subprocess.run(["make", "--silent", "help"], cwd=folder, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == (folder / "Makefile").read_text().count(" ## ")
    return max(map(len, lines))


def test_the_help_of_this_repository_fits() -> None:
    assert longest(ROOT) <= 80


@pytest.mark.parametrize("producer", ["none", "fastapi"])
def test_the_help_of_a_service_fits(tmp_path: Path, producer: str) -> None:
    assert longest(render(tmp_path / "shop", {"service_name": "shop", "producer": producer})) <= 80


def test_a_longer_one_is_seen(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text().replace("Show this list", "Show this list, " + "and more of it, " * 5)
    (tmp_path / "Makefile").write_text(text)
    assert longest(tmp_path) > 80
