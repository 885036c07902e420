"""Which traces are sampled, and the spans of those that are not, which cost as little as they tell.

Where OTEL_TRACES_SAMPLER does not say which, these are the first that begin in each second of a process: so traces cost
the same few thousandths however much is published, and none is missing where little is.
"""

import random
import time
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import Span, TraceFlags

from .trace_context import Unsampled

__all__ = ["FirstOfEachSecond", "Unsampling"]

RANDOM = f"{TraceFlags.RANDOM_TRACE_ID:02x}"
"""The flags of a trace that begins here, and is not sampled."""
LEADING = 1 << 192
"""Makes `hex` write all digits of an id, after three characters; to format a number takes three times as long."""


class FirstOfEachSecond(Sampler):
    """Samples the first traces of each second.

    most: how many; a few more, if several threads begin traces at once. clock: in seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._next_second, self._begun = 0, 0

    def spent(self) -> bool:
        """Whether no more traces are sampled in this second."""
        now = self._clock()
        if now >= self._next_second:
            self._next_second, self._begun = int(now) + 1, 0
        return self._begun >= self._most

    def should_sample(self, *args: Any, **options: Any) -> SamplingResult:
        """See Sampler."""
        if self.spent():
            return ALWAYS_OFF.should_sample(*args, **options)
        self._begun += 1
        return ALWAYS_ON.should_sample(*args, **options)

    def get_description(self) -> str:
        """See Sampler."""
        return f"FirstOfEachSecond{{{self._most}}}"


class Unsampling:
    """Tells without the SDK what is not sampled, for a sampler that samples nothing below an unsampled span.

    first: what the sampler asks where a trace begins, if it is known.
    """

    def __init__(self, first: FirstOfEachSecond | None) -> None:
        self._first = first

    def begun(self) -> str:
        """The `traceparent` of a trace that begins now, if that is not sampled; else empty."""
        if self._first is None or not self._first.spent():
            return ""
        drawn = hex(LEADING | random.getrandbits(192))
        return f"00-{drawn[3:35]}-{drawn[35:]}-{RANDOM}"

    def below(self, above: Span | None) -> Span | None:
        """What stands for a span below `above`, or for the first of a trace, if that is not sampled; else None."""
        if isinstance(above, Unsampled) and above.traceparent:
            return above
        if above is not None and (context := above.get_span_context()).is_valid:
            return None if context.trace_flags.sampled else above
        return Unsampled(begun) if (begun := self.begun()) else None
