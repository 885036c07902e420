"""A service is broken beside a real Prometheus, which raises the one alert; `make alerts` does so with every fault."""

import os
import shutil
from pathlib import Path

import pytest

from runtime.testing.servers import Unavailable

from .faults import FAULTS, WATCHED, watched
from .service import started


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="expected prometheus on PATH, got: none; install it")
def test_a_planted_fault_raises_its_alert_and_no_other_one(tmp_path: Path) -> None:
    fault = FAULTS["no worker on a queue"]
    try:
        with started(tmp_path, "redis", fault.stores["redis"]) as (service, prometheus):
            seen = watched(fault, service, prometheus)
            assert not seen.others
            assert seen.seconds is not None
            assert seen.seconds <= WATCHED
    except Unavailable as unavailable:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(unavailable))
