"""Processes that die, freeze, fork and race for one key; servers that go away. Every effect is counted outside."""

# ruff: noqa: PT012  # what a guarded block does before it raises is the point

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from itertools import count
from threading import Timer
from typing import Any

import pytest

from runtime.errors import Busy, LeaseLost, StoreUnavailable
from runtime.idempotency.claim import Claim
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.renewal import LeaseRenewal, renewal
from runtime.testing.servers.process import Server, until

from .support import Interrupted, Kind, Postponed, Processes

LEASE = 1.0
"""Seconds: long enough for a busy machine to renew in time."""

SHORT = 0.4
"""Seconds: of a lease that has to run out, since its holder dies or freezes."""


def caused(error: BaseException | None, by: type[BaseException]) -> bool:
    """Whether the error is one of `by`, or was raised while one was handled."""
    while error and not isinstance(error, by):
        error = error.__context__
    return error is not None


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deliver(kind: Kind, key: str, mode: str, timeout: float = 20) -> bool:
    """Deliver again and again, as a broker does with what was not acked; True if the last one found the work done."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return bool(kind.run(key, mode, lease=LEASE).done)
        except Busy:
            assert time.monotonic() < deadline, "the key stayed busy"
            time.sleep(0.02)


# ---- a crash at each step ----

REPEATS = {
    # after a crash before the effect, between effect and completion, after completion
    "lease": (1, 2, 1),
    "at-most-once": (0, 1, 1),
    "transactional": (1, 1, 1),
    "natural": (1, 2, 2),
}


@pytest.mark.parametrize("mode", REPEATS)
@pytest.mark.parametrize("step", ["before the effect", "after the effect", "after completion"])
def test_a_crash_repeats_or_skips_just_what_the_mode_says(
    real: Kind, processes: Processes, key: str, mode: str, step: str
) -> None:
    def run() -> None:
        with real.attempt(key, mode, lease=SHORT) as attempt:
            if step == "before the effect":
                die()
            real.effect(attempt, key)
            if step == "after the effect":
                if attempt.session:
                    attempt.session.flush()
                die()
        die()

    processes.killed(run)
    deliver(real, key, mode)
    expected = REPEATS[mode][["before the effect", "after the effect", "after completion"].index(step)]
    assert real.effects(key) == expected


def test_a_crashed_lease_blocks_its_key_until_it_runs_out(real: Kind, processes: Processes, key: str) -> None:
    def run() -> None:
        with real.attempt(key, lease=1.5):
            die()

    processes.killed(run)
    with pytest.raises(Busy), real.attempt(key, owner="task-2"):
        pytest.fail("the lease is not over")
    time.sleep(1.6)
    assert not real.run(key, owner="task-2").done


def test_a_crashed_transaction_frees_its_key_at_once(sql: Kind, processes: Processes, key: str) -> None:
    def run() -> None:
        with sql.attempt(key, "transactional") as attempt:
            sql.effect(attempt, key)
            die()

    processes.killed(run)
    assert deliver(sql, key, "transactional", timeout=3) is False
    assert sql.effects(key) == 1


def test_a_crash_after_a_suspension_leaves_the_key_to_its_owner(real: Kind, processes: Processes, key: str) -> None:
    def run() -> None:
        try:
            with real.attempt(key):
                raise Postponed
        finally:
            die()

    processes.killed(run)
    with pytest.raises(Busy), real.attempt(key, owner="task-2"):
        pytest.fail("suspended")
    assert not real.run(key).done


@pytest.mark.parametrize("kills", [12, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", ["lease", "transactional"])
def test_nothing_is_lost_under_random_kills(real: Kind, processes: Processes, key: str, mode: str, kills: int) -> None:
    keys = [f"{key}-{number}" for number in range(40)]

    def work(seed: int) -> None:
        order = random.Random(seed).sample(keys, len(keys))
        for one in order:
            with real.attempt(one, mode, lease=0.3) as attempt:
                if not attempt.done:
                    time.sleep(0.004)
                    real.effect(attempt, one)
                    time.sleep(0.004)

    def survive(seed: int) -> None:
        while True:
            try:
                return work(seed)
            except (Busy, StoreUnavailable):
                time.sleep(0.01)

    chance = random.Random(key)
    for _ in range(kills):
        pid = processes.fork(lambda: survive(chance.getrandbits(32)))
        time.sleep(chance.uniform(0.01, 0.12))
        os.kill(pid, signal.SIGKILL)
        processes.wait(pid)
    for one in keys:
        deliver(real, one, mode)
    effects = [real.effects(one) for one in keys]
    assert min(effects) >= 1, "lost"
    if mode == "transactional":
        assert max(effects) == 1, "duplicated"


# ---- races ----


@pytest.mark.parametrize("mode", ["lease", "at-most-once", "transactional"])
def test_of_many_processes_one_runs(real: Kind, processes: Processes, key: str, mode: str) -> None:
    keys = [f"{key}-{number}" for number in range(10)]
    start = time.monotonic() + 0.3

    def race(owner: str) -> None:
        time.sleep(max(0.0, start - time.monotonic()))
        for one in keys:
            try:
                real.run(one, mode, owner=owner)
            except Busy:
                continue

    children = [processes.fork(partial(race, f"task-{number % 2}")) for number in range(6)]
    assert [processes.wait(pid) for pid in children] == [0] * 6
    for one in keys:
        assert deliver(real, one, mode)
    assert [real.effects(one) for one in keys] == [1] * len(keys)


# ---- a frozen holder ----


def frozen(kind: Kind, processes: Processes, key: str) -> Callable[[], int]:
    """A child that stands still before its completion until its lease is over; thawing it gives 7 for LeaseLost."""
    read, write = os.pipe()

    def run() -> None:
        try:
            with kind.attempt(key, lease=SHORT) as attempt:
                attempt.result = "from the frozen one"
                os.write(write, b"x")
                os.kill(os.getpid(), signal.SIGSTOP)
        except LeaseLost:
            os._exit(7)

    pid = processes.fork(run)
    os.read(read, 1)
    until(lambda: os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT))
    time.sleep(1.5 * SHORT)

    def thaw() -> int:
        os.kill(pid, signal.SIGCONT)
        return processes.wait(pid)

    return thaw


@pytest.mark.parametrize("finished", [True, False])
def test_a_frozen_holder_cannot_complete_over_the_one_that_took_over(
    real: Kind, processes: Processes, key: str, finished: bool
) -> None:
    thaw = frozen(real, processes, key)
    with real.attempt(key) as attempt:  # the same task, delivered again
        assert not attempt.done
        attempt.result = "from the new one"
        if not finished:
            assert thaw() == 7
            assert real.state(key) == "held"
    if finished:
        assert thaw() == 7
    assert real.run(key).result == "from the new one"


def test_a_frozen_holder_cannot_free_or_suspend_the_key_of_the_one_that_took_over(real: Kind, key: str) -> None:
    for error in (KeyError, Postponed):
        with pytest.raises(error), real.attempt(f"{key}-{error.__name__}") as old:
            real.expire(f"{key}-{error.__name__}")
            new = real.attempt(f"{key}-{error.__name__}", owner="task-2")
            assert not old.done
            new.__enter__()
            raise error
        assert real.state(f"{key}-{error.__name__}") == "held"
        new.__exit__(None, None, None)
        assert real.run(f"{key}-{error.__name__}").done


def test_a_frozen_holder_that_nobody_replaced_completes(real: Kind, processes: Processes, key: str) -> None:
    thaw = frozen(real, processes, key)
    assert thaw() == 0
    assert real.run(key).result == "from the frozen one"


# ---- renewal ----


def test_a_run_longer_than_its_lease_keeps_its_key(real: Kind, key: str) -> None:
    with real.attempt(key, lease=LEASE):
        end = time.monotonic() + 2.5 * LEASE
        while time.monotonic() < end:
            with pytest.raises(Busy), real.attempt(key, owner="task-2"):
                pytest.fail("taken from a living holder")
            time.sleep(0.05)
    assert real.run(key).done


@pytest.mark.parametrize("error", [SystemExit, Interrupted, KeyError, None])
def test_renewal_ends_with_the_run(real: Kind, key: str, error: type[BaseException] | None) -> None:

    def strike(*_: Any) -> None:
        assert error
        raise error

    before = signal.signal(signal.SIGALRM, strike)
    try:
        with pytest.raises(error) if error else nullcontext(), real.attempt(key, lease=LEASE):
            assert len(renewal._held) == 1
            if error:
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                time.sleep(10)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not renewal._held
    assert real.state(key) == (None if error else "done")


# Python drops what is raised in a callback of its garbage collector, such as hypothesis' own.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function gc_cumulative_time:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("signals", [15, pytest.param(250, marks=pytest.mark.slow)])
def test_a_signal_at_any_moment_leaves_no_lease_that_renews_itself(real: Kind, key: str, signals: int) -> None:
    chance = random.Random(key)

    def strike(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, strike)
    struck, runs = 0, count()
    try:
        while struck < signals:
            number = next(runs)
            try:
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00005, 0.002))
                real.run(f"{key}-{number}", lease=LEASE)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Exception as error:
                if not caused(error, Interrupted):  # a library may answer a signal with an error of its own
                    raise
                struck += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    until(lambda: not renewal._held, timeout=5 * LEASE)
    time.sleep(LEASE)
    for number in range(next(runs)):
        deliver(real, f"{key}-{number}", "lease", timeout=3)


def test_the_thread_survives_a_store_that_raises(redis: Kind, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    renew, calls = type(redis.store).renew, []

    def broken(self: Any, claim: Any) -> bool:
        calls.append(claim.key)
        if len(calls) == 1:
            raise RuntimeError("planted")
        kept: bool = renew(self, claim)
        return kept

    monkeypatch.setattr(type(redis.store), "renew", broken)
    # A busy machine may stop this process for a second: the lease outlives many renewals that are missed.
    monkeypatch.setattr("runtime.idempotency.renewal.RENEWALS_PER_LEASE", 60)
    with redis.attempt(key, lease=6):
        until(lambda: len(calls) >= 4)
        assert redis.state(key) == "held"
    assert redis.run(key).done


def test_a_stream_of_short_runs_does_not_wake_the_thread(
    redis: Kind, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.run(f"{key}-first", lease=300)
    until(lambda: renewal._next < float("inf"))
    renew_due, wakes = renewal._renew_due, list[float]()

    def counted() -> float:
        wakes.append(time.monotonic())
        due: float = renew_due()
        return due

    monkeypatch.setattr(renewal, "_renew_due", counted)
    for number in range(20):
        redis.run(f"{key}-{number}", lease=300)
    assert len(wakes) < 5, "expected none for a run; a busy machine may bring those of the first run late"


def test_a_lease_that_is_added_while_the_thread_falls_asleep_is_renewed(redis: Kind, key: str) -> None:
    first, second = (Claim.new(key, "task-1", "", 0.3, 60.0) for _ in range(2))
    renewed: list[str] = []

    class Recorder:
        def renew(self, claim: Any) -> bool:
            renewed.append(claim.token)
            return claim is second

    class Racing(LeaseRenewal):
        def _renew_due(self) -> float:
            due: float = super()._renew_due()
            if renewed == [first.token] and second.token not in self._held:
                self.add(Recorder(), second)  # after the thread has decided how long it sleeps
            return due

    Racing().add(Recorder(), first)
    until(lambda: second.token in renewed, timeout=10)


# ---- forks ----


def test_a_child_uses_connections_and_a_thread_of_its_own(real: Kind, processes: Processes, key: str) -> None:

    def run() -> None:
        assert renewal._thread is None
        assert not renewal._held
        for number in range(20):
            real.run(f"{key}-{os.getpid()}-{number}")
        with real.attempt(f"{key}-long-{os.getpid()}", lease=LEASE):
            time.sleep(1.5 * LEASE)
            assert real.state(f"{key}-long-{os.getpid()}") == "held"

    with real.attempt(key, lease=LEASE):
        children = [processes.fork(run) for _ in range(3)]
        for number in range(50):
            real.run(f"{key}-parent-{number}")
        assert [processes.wait(pid) for pid in children] == [0, 0, 0]
    assert real.run(key).done


# ---- servers ----


def test_a_redis_that_is_away_is_named_within_seconds(redis: Kind, key: str) -> None:
    away = RedisStore("redis://user:secret@127.0.0.1:1/0", timeout=0.5)
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"expected .*127\.0\.0\.1:1.*start the server") as error:
        away.attempt("lease", key=key, owner="a", fingerprint="b").__enter__()
    assert time.monotonic() - begun < 10
    assert "secret" not in str(error.value)
    assert error.value.retry_after > 0
    with pytest.raises(StoreUnavailable):
        away.ping()


def test_a_postgresql_that_is_away_is_named_within_seconds(postgresql: Kind, key: str) -> None:
    away = postgresql.open("postgresql://user:secret@127.0.0.1:1/nowhere")
    for mode in ("transactional", "lease"):
        with pytest.raises(StoreUnavailable, match=r"expected .*127\.0\.0\.1:1") as error:
            away.attempt(mode, key=key, owner="a", fingerprint="b").__enter__()
        assert "secret" not in str(error.value)


def test_tables_that_are_missing_are_named(sql: Kind, key: str, tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}" if sql.name == "sqlite" else sql.url.rpartition("/")[0] + "/postgres"
    empty = sql.open(url)
    for use in (empty.ping, empty.attempt("lease", key=key, owner="a", fingerprint="b").__enter__):
        with pytest.raises(StoreUnavailable, match="migrate"):
            use()


def restarted(server: Server, during: Callable[[], Any], away: float) -> None:
    server.kill()
    starting = Timer(away, server.start)
    starting.start()
    try:
        during()
    finally:
        starting.join()


def test_a_redis_that_restarts_while_a_run_ends_does_not_repeat_it(redis: Kind, key: str) -> None:
    assert redis.server
    guard = redis.attempt(key, lease=10)
    redis.effect(guard.__enter__(), key)

    def end() -> None:
        guard.__exit__(None, None, None)
        assert redis.run(key).done

    restarted(redis.server, end, away=0.7)
    assert redis.effects(key) == 1


def test_a_transaction_whose_connection_breaks_is_rolled_back_and_comes_back(postgresql: Kind, key: str) -> None:
    with pytest.raises(StoreUnavailable):  # noqa: SIM117  # the inner block is what is guarded
        with postgresql.attempt(key, "transactional") as attempt:
            postgresql.effect(attempt, key)
            postgresql.query(
                "SELECT pg_terminate_backend(:pid)",
                pid=postgresql.execute("SELECT pg_backend_pid()", attempt.session).scalar(),
            )
            postgresql.effect(attempt, key)
    assert postgresql.effects(key) == 0
    assert not postgresql.run(key, "transactional").done
    assert postgresql.effects(key) == 1


def test_an_interrupted_statement_leaves_neither_lock_nor_effect(postgresql: Kind, key: str) -> None:
    def strike(*_: Any) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, strike)
    try:
        with pytest.raises(Interrupted), postgresql.attempt(key, "transactional") as attempt:
            postgresql.effect(attempt, key)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            postgresql.execute("SELECT pg_sleep(20)", attempt.session)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert deliver(postgresql, key, "transactional", timeout=5) is False
    assert postgresql.effects(key) == 1
