"""The Lua scripts of the Redis store, one for each change: Redis runs each without interruption.

A key is a hash of `state`, `token`, `owner`, `fingerprint` and, if kept, `result`. Redis itself expires it: a held or
suspended one with its lease, a done one with its retention. KEYS[1] is the key, ARGV[1] the token of the attempt: a
script that finds it in place has been sent before, by a client that missed the answer, and returns the same again.
"""

from pathlib import Path

__all__ = ["ACQUIRE", "COMPLETE", "RELEASE", "RENEW", "SUSPEND"]

ACQUIRE, COMPLETE, RELEASE, RENEW, SUSPEND = (
    Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")
    for name in ("acquire", "complete", "release", "renew", "suspend")
)
