"""The model behind docs/scale.md."""

import pytest

from benchmarks.scale import BUSY, DOCS, erlang_c, measured, simulated_wait, slots_for


@pytest.mark.parametrize(("slots", "offered", "waits"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (5, 4.0, 0.5541)])
def test_erlang_s_formula_gives_the_values_of_textbooks(slots: int, offered: float, waits: float) -> None:
    assert erlang_c(slots, offered) == pytest.approx(waits, abs=1e-4)


def test_there_are_enough_processes_and_one_fewer_is_not_enough() -> None:
    rate, run = 2.0, 1.0
    slots = slots_for(rate, run, wait=0.5)
    assert slots >= rate * run / BUSY
    assert simulated_wait(slots, rate, run) < 2 * 0.5  # its run times vary more
    assert simulated_wait(slots - 1, rate, run) > 0.5


def test_costs_are_those_that_were_measured() -> None:
    for broker in ("redis", "rabbitmq"):
        lease, alone = measured(broker, "service, `lease`"), measured(broker, "service, delivery alone")
        assert lease.children > alone.children > 0
        assert lease.broker > alone.broker > 0
    with pytest.raises(ValueError, match="to have nothing on redis, got: no such row"):
        measured("redis", "nothing")


def test_the_document_has_the_tables() -> None:
    text = (DOCS / "scale.md").read_text()
    assert all(f"### {title}\n\n|" in text for title in ("Workers", "Brokers", "A backlog"))
