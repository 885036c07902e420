"""A reader of pages that are followed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.template.conftest import template

from .walkthrough import Walkthrough

__all__ = ["reader", "template"]


@pytest.fixture
def reader(template: Path, tmp_path: Path) -> Iterator[Walkthrough]:
    """Somebody with asyncgen and uv on PATH, in an empty folder."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "VIRTUAL_ENV"))}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    git = {f"GIT_{who}_{what}": "reader@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    mine = {"ASYNCGEN_TEMPLATE": str(template), "SHOP_HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    reader = Walkthrough(tmp_path, env | git | mine)
    yield reader
    reader.close()
