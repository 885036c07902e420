"""No message, however odd, stops, delays or accuses another one: each runs or is kept, and all good ones are done.

`make fuzz-messages` sends ten thousand to each broker. A seed makes the same messages again.
"""

import os
from pathlib import Path

import pytest

from tests.real_redis import require_redis

from .attack import attack, fuzz, services

NUMBER = int(os.environ.get("ASYNCGEN_FUZZ_MESSAGES", "300"))
SEED = int(os.environ.get("ASYNCGEN_FUZZ_SEED", "1"))


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_odd_messages_run_or_are_kept_and_good_ones_are_done(scheme: str, tmp_path: Path) -> None:
    if scheme == "redis":
        require_redis()
    with services(scheme, tmp_path) as env:
        attack(env, tmp_path, fuzz(NUMBER, SEED, tmp_path), patience=60).check()
