"""A chord whose parts are counted in PostgreSQL, on a real server: a service's own tests take SQLite in its place."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.urls import masked
from tests.postgresql import postgresql

from .commands import asyncgen, inside


def test_a_chord_counts_its_parts_in_postgresql(make: Callable[..., Path], tmp_path: Path) -> None:
    with postgresql() as url:
        if not url:
            missing = "expected a PostgreSQL server at ASYNCGEN_POSTGRESQL_URL, got: none"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        service = make(tmp_path, results="postgresql")
        with inside(service):
            for name in ("first", "second", "last"):
                assert asyncgen("add-task", name, "--arg", "order_id:int").code == 0
            assert asyncgen("add-workflow", "both", "--chord", "first,second:last").code == 0
        env = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "tests/workflows"],
            cwd=service,
            env=env | {"PYTHONPATH": "src", "SHOP_RESULT_URL": url},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        assert f"SHOP_RESULT_URL: {masked(url)}, which the environment names" in done.stdout
