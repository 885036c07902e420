"""Bounds what a compressed message may unpack to: kombu's decoders unpack whatever fits into the worker's memory."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any

from kombu import compression

__all__ = ["bound_decompression"]

LZMA_MEMORY = 128 * 1024 * 1024
"""Bytes: enough for the strongest preset, whose dictionary has 64 MiB."""

FORMATS: dict[str, tuple[list[str], Any, Callable[[], Any]]] = {
    "application/x-gzip": (["gzip", "zlib"], zlib.compress, zlib.decompressobj),
    "application/x-bz2": (["bzip2", "bzip"], bz2.compress, bz2.BZ2Decompressor),
    "application/x-lzma": (["lzma", "xz"], lzma.compress, lambda: lzma.LZMADecompressor(memlimit=LZMA_MEMORY)),
}
"""By content type: kombu's other names for it, and what packs and unpacks."""


def bound_decompression(limit: int) -> None:
    """Let kombu in this process unpack at most `limit` bytes a message; it raises ValueError for more.

    Formats that kombu knows besides (brotli, zstd) are forgotten: their libraries do not all take a bound.
    """
    for name in set(compression.encoders()) - FORMATS.keys():
        vars(compression)["_encoders"].pop(name)
        vars(compression)["_decoders"].pop(name)
    for name, (aliases, encode, make) in FORMATS.items():
        compression.register(encode, _bounded(make, limit), name, aliases)


def _bounded(make: Callable[[], Any], limit: int) -> Callable[[bytes], bytes]:
    def decode(body: bytes) -> bytes:
        stream = make()
        unpacked: bytes = stream.decompress(body, limit + 1)
        if len(unpacked) > limit:
            raise ValueError(f"expected the body to unpack to at most {limit} bytes, got: more")
        if not stream.eof:
            raise ValueError("expected the compressed body to be whole, got: its beginning")
        return unpacked

    return decode
