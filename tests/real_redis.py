"""The Redis that tests of this repository need. In a service's own tests fakeredis takes its place."""

import os
import shutil

import pytest

__all__ = ["require_redis"]


def require_redis() -> None:
    """Skip the test where there is none: of what a server does fakeredis proves little, and takes minutes for it."""
    if not shutil.which("redis-server") and not shutil.which("valkey-server"):
        reason = "expected redis-server or valkey-server to be on PATH, got: neither; install one"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
