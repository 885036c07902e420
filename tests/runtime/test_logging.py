"""What a worker's logs look like: JSON, but for a person at a terminal in development."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import runtime

CODE = """\
import logging
from runtime.worker.logging import configure_logging

configure_logging()
try:
    {}["order"]
except KeyError:
    logging.getLogger("celery").exception("failed")
"""


def logged(environment: str, *, terminal: bool) -> str:
    """What such a process writes to standard output."""
    inside, outside = pty.openpty() if terminal else os.pipe()
    env = os.environ | {"PYTHONPATH": str(Path(runtime.__file__).parents[1]), "RUNTIME_ENVIRONMENT": environment}
    subprocess.run([sys.executable, "-c", CODE], env=env, stdout=outside, check=True)
    written = os.read(inside, 100_000).decode()
    os.close(outside)
    os.close(inside)
    return written


def test_a_terminal_in_development_shows_lines_for_people() -> None:
    shown = logged("development", terminal=True)
    assert "failed" in shown
    assert "KeyError: 'order'\r\n" in shown
    assert not shown.startswith("{")
    assert "│" not in shown


@pytest.mark.parametrize(("environment", "terminal"), [("development", False), ("production", True)])
def test_all_others_get_json(environment: str, terminal: bool) -> None:
    (line,) = logged(environment, terminal=terminal).splitlines()
    assert json.loads(line)["event"] == "failed"
    assert "KeyError" in json.loads(line)["exception"]
