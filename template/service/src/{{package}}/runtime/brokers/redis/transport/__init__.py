"""Redis delivery that loses nothing: kombu's Redis transport with leases instead of its window.

kombu pops a message (BRPOP) and records it as unacknowledged in a second round trip; a worker that dies in between
takes the message with it, `acks_late` or not. It also redelivers what runs longer than the visibility timeout.

What is promised
- A message is popped and recorded in one Lua call: at no moment does only a worker's memory hold it.
- Waiting removes nothing (BLMOVE of a list's tail onto itself).
- A live process renews the leases of all it holds, three times per lease, in a thread of its own. So tasks, countdowns
  and back-offs may be longer than the lease; only what a dead or frozen process held goes to another worker.
- Each delivery has a tag of its own: what a worker does after its lease was lost cannot touch the next delivery.
- An acknowledgement rides on the next claim, or is sent by itself within 20 ms; closing a channel sends what is left.
- A reply that is lost on the way leaves its messages recorded: they are redelivered after the lease.
- A redelivery counts in the header `x-delivery-count`: when a lease ran out and after `Reject(requeue=True)`, not after
  a shutdown. Beyond `delivery_limit` the message goes whole to the list `<queue>.dead`, with the headers that
  RabbitMQ's dead-letter exchange would add (`x-first-death-reason`: "delivery_limit", `x-first-death-queue`, and
  `x-death` with the time). So does what is rejected without being requeued (reason "rejected").
- What is no kombu message, or cannot be decoded, goes, byte for byte, to the list `<queue>.malformed`.
- Several queues are served in turns, message by message; `queue_order_strategy` and `priority_steps` hold as in kombu.

Not promised: exactly once. A worker that dies between an effect and its acknowledgement leaves a message that is
delivered again.

Pools: prefork, threads and solo. gevent and eventlet work if Celery has patched the process (`--pool gevent`): the
renewing thread is a greenlet then, and a task that computes for longer than two thirds of a lease without yielding
loses its leases.

Options, in `broker_transport_options` beside kombu's own (names, units, defaults)
- visibility_timeout (seconds, 60): the lease. A dead worker's messages return after 1 to 1 1/3 of it.
- claim_batch (messages, 16): the most that one call fetcher; never more than the prefetch count allows.
- delivery_limit (redeliveries, 20; 0 for none).
- dead_letter_suffix (".dead"), malformed_suffix (".malformed"): the names of these lists, after the queue's.
- socket_timeout (seconds; by default kombu waits for ever): set it.
Not used: ack_emulation, unacked_restore_interval, _throttle and _limit, unacked_mutex_key and _expire.

Servers: Redis from 6.2 and Valkey. Where BLMOVE is missing or does not block (fakeredis), an empty queue is looked at
every 0.1 s. With access lists a user needs, beside what kombu uses: EVAL, EVALSHA, TIME, BLMOVE, ZRANGEBYSCORE, ZSCORE.
"""

from importlib import import_module
from importlib.metadata import version

from kombu import transport as kombu_transports

__all__ = ["install"]

KOMBU = "5.7"
TRANSPORTS = {"redis": "Transport", "rediss": "Transport", "sentinel": "SentinelTransport"}


def install() -> None:
    """Make every `redis://`, `rediss://` and `sentinel://` broker of this process use this transport.

    By URL scheme, because a class in `broker_transport` is forgotten when kombu fails over to another URL, and leaves
    `rediss://` without TLS. Call it before the first connection.
    """
    check_kombu(version("kombu"))
    module = import_module(".transports", __name__)
    for scheme, name in TRANSPORTS.items():
        kombu_transports.TRANSPORT_ALIASES[scheme] = f"{module.__name__}:{name}"
        vars(kombu_transports)["_transport_cache"].pop(scheme, None)


def check_kombu(installed: str) -> None:
    """Raise RuntimeError unless the transport was written for `installed`: it builds on kombu's inner parts."""
    if not installed.startswith(f"{KOMBU}."):
        raise RuntimeError(
            f"expected kombu to be {KOMBU}.x, which the atomic Redis transport was written for, got: {installed}; "
            f"install 'kombu=={KOMBU}.*', or switch to stock delivery until the template supports {installed}"
        )
