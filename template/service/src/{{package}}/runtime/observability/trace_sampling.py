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

__all__ = ["FirstOfEachSecond", "unsampled"]

RANDOM = f"{TraceFlags.RANDOM_TRACE_ID:02x}"
"""The flags of a trace that begins here, and is not sampled."""


class FirstOfEachSecond(Sampler):
    """Samples the first traces of each second.

    most: how many; a few more, if several threads begin traces at once. clock: in seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._second, self._begun = 0, 0

    def spent(self) -> bool:
        """Whether no more traces are sampled in this second."""
        second = int(self._clock())
        if second != self._second:
            self._second, self._begun = second, 0
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


def unsampled(first: FirstOfEachSecond | None) -> Callable[[Span | None], Span | None]:
    """What gives a span that stands for the one below a given span, where that would not be sampled, else None.

    For a sampler that samples nothing below an unsampled span. first: what it asks where a trace begins, if known.
    """

    def made(above: Span | None) -> Span | None:
        if type(above) is Unsampled:
            return above
        if above is not None and (context := above.get_span_context()).is_valid:
            return None if context.trace_flags.sampled else above
        if first is None or not first.spent():
            return None
        drawn = f"{random.getrandbits(192):048x}"
        return Unsampled(f"00-{drawn[:32]}-{drawn[32:]}-{RANDOM}")

    return made
