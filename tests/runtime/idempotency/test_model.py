"""Random histories of attempts, interleaved and lapsing, against a model of what each mode promises."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runtime.errors import Busy, KeyConflict, LeaseLost

from .support import Kind, Postponed

MODES = ("lease", "at-most-once", "transactional")


@dataclass
class Kept:
    """What the model says the store knows of a key."""

    state: str
    holder: int
    owner: str
    payload: str
    result: Any = None


@dataclass
class Running:
    """An attempt between its claim and its end."""

    number: int
    guard: Any
    attempt: Any
    mode: str
    key: str
    owner: str
    payload: str


class Machine(RuleBasedStateMachine):
    """A key is tied to one mode, as it is to one task."""

    kind: Kind
    runs = 0

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        Machine.runs += 1
        self.kept: dict[str, Kept] = {}
        self.open: dict[str, Running] = {}
        self.unended: dict[int, Running] = {}
        self.number = 0

    @rule(
        target=running,
        mode=st.sampled_from(MODES),
        name=st.sampled_from("ab"),
        owner=st.sampled_from(["task-1", "task-2"]),
        payload=st.sampled_from(["p", "p", "p", "q"]),
    )
    def begin(self, mode: str, name: str, owner: str, payload: str) -> Any:
        if mode not in self.kind.store.modes:
            return multiple()
        if self.kind.name == "sqlite" and (
            "transactional" in [run.mode for run in self.open.values()] or mode == "transactional"
        ):
            return multiple()  # its one writer would block this process, and is tested elsewhere
        key = f"{mode}-{Machine.runs}-{name}"
        guard = self.kind.attempt(key, mode, owner=owner, payload=payload, lease=1000, retention=1000)
        kept = self.kept.get(key)
        if mode == "transactional" and key in self.open:
            refused(guard, Busy)
            return multiple()
        if kept and not (kept.state == "suspended" and kept.owner == owner):
            if kept.payload != payload:
                refused(guard, KeyConflict)
            elif kept.state == "done":
                with guard as attempt:
                    assert (attempt.done, attempt.result) == (True, kept.result)
            else:
                refused(guard, Busy)
            return multiple()
        attempt = guard.__enter__()
        assert not attempt.done
        self.number += 1
        if mode != "transactional":
            self.kept[key] = Kept("done" if mode == "at-most-once" else "held", self.number, owner, payload)
        run = self.unended[self.number] = Running(self.number, guard, attempt, mode, key, owner, payload)
        if mode == "transactional":
            self.open[key] = run
        return run

    @rule(run=consumes(running), result=st.sampled_from([None, 1, "x"]))
    def complete(self, run: Running, result: Any) -> None:
        run.attempt.result = result
        del self.unended[run.number]
        kept = self.kept.get(run.key)
        mine = kept is None or kept.holder == run.number
        records = run.mode == "lease" or (run.mode == "at-most-once" and result is not None)
        if records and not mine:
            with pytest.raises(LeaseLost):
                run.guard.__exit__(None, None, None)
            return
        run.guard.__exit__(None, None, None)
        self.open.pop(run.key, None)
        if run.mode != "at-most-once" or result is not None:
            self.kept[run.key] = Kept("done", run.number, run.owner, run.payload, result)

    @rule(run=consumes(running), error=st.sampled_from([KeyError, Postponed]))
    def fail(self, run: Running, error: type[Exception]) -> None:
        raised = error()
        del self.unended[run.number]
        assert not run.guard.__exit__(error, raised, None)
        self.open.pop(run.key, None)
        kept = self.kept.get(run.key)
        if kept and kept.holder == run.number:
            if error is Postponed:
                kept.state = "suspended"
            else:
                del self.kept[run.key]

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        key = data.draw(st.sampled_from(sorted(self.kept)))
        self.kind.expire(key)
        del self.kept[key]

    def teardown(self) -> None:
        for run in self.unended.values():
            run.guard.__exit__(KeyError, KeyError(), None)


def refused(guard: Any, error: type[Exception]) -> None:
    with pytest.raises(error), guard:
        pytest.fail("it ran")


@pytest.mark.parametrize("examples", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_every_history_agrees_with_the_model(real: Kind, examples: int) -> None:
    Machine.kind = real
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
