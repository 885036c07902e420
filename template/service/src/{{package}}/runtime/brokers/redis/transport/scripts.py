"""The Lua scripts. Each is atomic, may be sent twice, and touches only the keys it is given.

`leases` is kombu's hash of unacknowledged messages (tag to `[message, exchange, routing key]` as JSON), `expiry` its
sorted set (tag to the server's time in seconds at delivery or renewal). Both keep kombu's format, so that stock workers
can process them.
"""

from hashlib import sha1
from pathlib import Path

__all__ = ["CLAIM", "CLAIM_SHA", "COUNT", "EXPIRED", "MOVE"]

CLAIM, COUNT, EXPIRED, MOVE = (
    Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")
    for name in ("claim", "count", "expired", "move")
)
CLAIM_SHA = sha1(CLAIM.encode(), usedforsecurity=False).hexdigest()
