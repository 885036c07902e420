"""What `--every` takes, and when it is due: as Celery says, which runs it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.schedules import crontab
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from asyncgen.errors import BadInput
from asyncgen.tasks.every import parse_every


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    """A crontab field, of every form that both sides know."""
    number = st.integers(lowest, highest)
    step = st.integers(1, highest)
    part = st.one_of(
        st.just("*"),
        number.map(str),
        st.builds("{}-{}".format, number, number),
        st.builds("*/{}".format, step),
        st.builds("{}-{}/{}".format, number, number, step),
    )
    return st.lists(part, min_size=1, max_size=3).map(",".join)


CRONTABS = st.tuples(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)).map(" ".join)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@settings(deadline=None, max_examples=300)
@given(CRONTABS, MOMENTS)
def test_a_crontab_is_due_when_celery_says(text: str, moment: datetime) -> None:
    try:
        every = parse_every(text)
    except BadInput:
        assume(False)
    schedule: Any = crontab.from_string(text)
    schedule.nowfun = lambda: moment
    try:
        expected = moment + schedule.remaining_estimate(moment)
    except RuntimeError:
        # Celery looks two years ahead.
        assume(False)
    assert every.next_run(moment) == expected.replace(microsecond=0)


def test_days_that_rarely_come_are_found() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_every("0 0 1 1 sun").next_run(moment) == datetime(2034, 1, 1, tzinfo=UTC)
    assert parse_every("0 0 29 2 sun").next_run(moment) == datetime(2032, 2, 29, tzinfo=UTC)
    assert parse_every("0 0 29 2 sun").next_run(datetime(2090, 1, 1, tzinfo=UTC)) == datetime(2128, 2, 29, tzinfo=UTC)


def test_a_period_is_due_at_its_multiples() -> None:
    moment = datetime(2026, 1, 31, 12, 0, 29, tzinfo=UTC)
    assert parse_every("30s").next_run(moment) == moment + timedelta(seconds=1)
    assert parse_every("30s").next_run(moment + timedelta(seconds=1)) == moment + timedelta(seconds=31)
    assert parse_every("1d").next_run(moment) == datetime(2026, 2, 1, tzinfo=UTC)


def test_names_and_blanks_have_one_spelling() -> None:
    assert parse_every("0  3 * JAN Mon-fri").text == "0 3 * jan mon-fri"
    assert parse_every(" 030s ").text == "30s"
    assert parse_every("0 0 29 2 *").next_run(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "0s", "s", "5", "-5s", "1.5h", "367d", "* * * *", "61 * * * *", "* * * * 7", "a * * * *", "*/0 * * * *",
     "5/2 * * * *", "1-2-3 * * * *", ", * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "soon", "@daily", "9" * 400 + "d"],
)  # fmt: skip
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(BadInput, match="expected --every to "):
        parse_every(text)
