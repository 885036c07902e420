"""Depth, delay and compressed size have bounds: where something is published, and where it arrives."""

import bz2
import lzma
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kombu.compression import decompress

from runtime import PayloadError
from runtime.brokers.compression import bound_decompression
from runtime.payload import MAX_DEPTH, check_delay, check_payload
from runtime.settings import settings

PACKERS: dict[str, Any] = {"gzip": zlib.compress, "bzip2": bz2.compress, "lzma": lzma.compress}


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_arguments_are_nested_to_a_bound() -> None:
    check_payload("t", [nested(MAX_DEPTH)], {}, 10_000)
    for levels in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(PayloadError, match="expected the arguments of t to be nested at most 100 levels deep"):
            check_payload("t", [], {"a": nested(levels)}, 10_000)


@pytest.mark.parametrize(
    "options",
    [{"countdown": 11}, {"countdown": float("nan")}, {"eta": "9999-12-31T23:59:59"}]
    + [{"eta": datetime.now(zone) + timedelta(days=1)} for zone in (None, UTC)],
)
def test_a_delay_has_a_bound(options: dict[str, Any]) -> None:
    with pytest.raises(PayloadError, match=r"expected the delay of t to be at most 10 s, .* set RUNTIME_MAX_DELAY"):
        check_delay("t", options, 10)
    check_delay("t", {"countdown": 10}, 10)
    check_delay("t", {"eta": datetime.now(UTC)}, 10)


@pytest.mark.parametrize("name", PACKERS)
def test_a_compressed_body_unpacks_to_a_bound(name: str) -> None:
    try:
        bound_decompression(1000)
        assert decompress(PACKERS[name](b"0" * 1000), name) == b"0" * 1000
        with pytest.raises(ValueError, match="expected the body to unpack to at most 1000 bytes"):
            decompress(PACKERS[name](b"0" * 10_000_000), name)
        with pytest.raises(ValueError, match="expected the compressed body to be whole"):
            decompress(PACKERS[name](b"0" * 1000)[:-4], name)
    finally:
        bound_decompression(256 * settings().payload_limit)
