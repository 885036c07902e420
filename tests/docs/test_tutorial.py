"""The tutorial: all that it says is done, in its order, on a real Redis."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.testing.servers.process import free_port
from tests.template.conftest import template

from .building import PAGES
from .walkthrough import Walkthrough

__all__ = ["template"]

PORTS = ("6390", "8010")
"""Those of the page: others are taken, since these may be in use."""


@pytest.fixture
def reader(template: Path, tmp_path: Path) -> Iterator[Walkthrough]:
    """Somebody with asyncgen, uv and Redis on PATH, in an empty folder."""
    if not shutil.which("redis-server"):
        if os.environ.get("CI"):
            pytest.fail("expected redis-server to be on PATH, got: none; install it")
        pytest.skip("no redis-server is on PATH")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "VIRTUAL_ENV"))}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    git = {f"GIT_{who}_{what}": "reader@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    mine = {"ASYNCGEN_TEMPLATE": str(template), "SHOP_HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    reader = Walkthrough(tmp_path, env | git | mine)
    yield reader
    reader.close()


def page() -> str:
    """The page, with ports that are free here."""
    text = (PAGES / "tutorial.md").read_text()
    for port in PORTS:
        text = text.replace(port, str(free_port()))
    return text


@pytest.mark.long
def test_the_tutorial_does_what_it_says(reader: Walkthrough) -> None:
    """But for `make test`, which other tests run in services: it is replaced by what makes `.venv`."""
    text, count = re.subn(r"^make test$", "make .venv/.installed", page(), flags=re.MULTILINE)
    assert count == 2
    reader.follow(text)


@pytest.mark.long
@pytest.mark.slow
def test_the_tutorial_does_what_it_says_with_the_service_s_own_tests(reader: Walkthrough) -> None:
    reader.follow(page())
