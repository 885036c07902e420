"""When a scheduled task runs: `every` as the module `schedule` of a service reads it. All times are UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import BadInput

__all__ = ["Every", "parse_every"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 366 * 86400
_LETTERS = 80
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, ("", *_MONTHS)),
    (0, 6, _WEEKDAYS),
)
"""Minute, hour, day of the month, month, weekday: the lowest and the highest number, and the numbers' names."""
# A leap year's day falls on the same weekday after 28 years, or 40 across 2100.
_DAYS_AHEAD = 41 * 366


@dataclass(frozen=True)
class Every:
    """`text` is the task's option; either `seconds`, counted from 1970, or the five `fields` of a crontab."""

    text: str
    seconds: int = 0
    fields: tuple[frozenset[int], ...] = ()

    def next_run(self, after: datetime) -> datetime | None:
        """The first slot after a moment; None if there is none, as for 30 February."""
        if self.seconds:
            return datetime.fromtimestamp((int(after.timestamp()) // self.seconds + 1) * self.seconds, UTC)
        minutes, hours, days, months, weekdays = self.fields
        first = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for ahead in range(_DAYS_AHEAD):
            day = first.date() + timedelta(days=ahead)
            if day.month not in months or day.day not in days or day.isoweekday() % 7 not in weekdays:
                continue
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    slot = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if slot >= first:
                        return slot
        return None


def parse_every(text: str) -> Every:
    """`30s`, `5m`, `2h`, `1d`, or five crontab fields; BadInput for what beat would not run."""
    plain = " ".join(text.split())
    if found := re.fullmatch(r"([0-9]{1,9})([smhd])", plain):
        seconds = int(found[1]) * _SECONDS[found[2]]
        if not 1 <= seconds <= _LONGEST:
            raise BadInput(f"expected --every to be 1s to 366d, got: {text}")
        return Every(f"{int(found[1])}{found[2]}", seconds)
    parts = plain.lower().split(" ")
    if len(parts) != len(_FIELDS) or len(plain) > _LETTERS:
        raise _no_schedule(text)
    fields = tuple(_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True))
    if not all(fields):
        raise _no_schedule(text)
    every = Every(" ".join(parts), fields=fields)
    if every.next_run(datetime.now(UTC)) is None:
        raise BadInput(f"expected --every to name days that come, got: {text}; correct the day or the month")
    return every


def _field(text: str, lowest: int, highest: int, names: tuple[str, ...]) -> frozenset[int]:
    """The numbers that a field stands for, empty for one that is not understood: `*`, `*/5`, `1-5`, `1-9/2`, `1,3`."""
    numbers: set[int] = set()
    for part in text.split(","):
        found = re.fullmatch(r"(?:(\*)|([0-9]+|[a-z]+)(?:-([0-9]+|[a-z]+))?)(?:/([0-9]+))?", part)
        if found is None or (found[4] and found[2] and not found[3]):
            return frozenset()
        first = lowest if found[1] else _number(found[2], names)
        last = highest if found[1] else _number(found[3] or found[2], names)
        step = int(found[4] or 1)
        if not (lowest <= first <= highest and lowest <= last <= highest and 1 <= step <= highest):
            return frozenset()
        around = [*range(first, highest + 1), *range(lowest, last + 1)] if last < first else range(first, last + 1)
        numbers |= set(around[::step])
    return frozenset(numbers)


def _number(text: str, names: tuple[str, ...]) -> int:
    return int(text) if text.isdecimal() else names.index(text) if text in names else -1


def _no_schedule(text: str) -> BadInput:
    return BadInput(
        f'expected --every to be five crontab fields, such as "*/5 * * * *", or a number with s, m, h or d, got: {text}'
    )
