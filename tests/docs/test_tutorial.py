"""The tutorial: all that it says is done, in its order, on a real Redis."""

import os
import re
import shutil

import pytest

from runtime.testing.servers.process import free_port

from .building import PAGES
from .walkthrough import Walkthrough

PORTS = ("6390", "8010")
"""Those of the page: others are taken, since these may be in use."""


@pytest.fixture(autouse=True)
def redis() -> None:
    """The page starts one."""
    if not shutil.which("redis-server"):
        if os.environ.get("CI"):
            pytest.fail("expected redis-server to be on PATH, got: none; install it")
        pytest.skip("no redis-server is on PATH")


def page() -> str:
    """The page, with ports that are free here."""
    text = (PAGES / "tutorial.md").read_text()
    for port in PORTS:
        text = text.replace(port, str(free_port()))
    return text


@pytest.mark.long
def test_the_tutorial_does_what_it_says(reader: Walkthrough) -> None:
    """But for `make test` and mypy, which other tests run in services: the first is replaced by what makes `.venv`."""
    text, count = re.subn(r"^make test$", "make .venv/.installed", page(), flags=re.MULTILINE)
    assert count == 2
    reader.follow(text.replace("\nmake lint\n", "\nruff format --check . && ruff check .\n"))


@pytest.mark.long
@pytest.mark.slow
def test_the_tutorial_does_what_it_says_with_the_service_s_own_tests(reader: Walkthrough) -> None:
    reader.follow(page())
