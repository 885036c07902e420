"""What the gate lets through breaks nothing: producers and workers of two versions side by side, on both brokers.

Old and new producers, of the services and of their clients, publish before a worker of either version runs, and while
one is dead that had begun their runs. What the gate refuses is published too, and does break.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from asyncgen.cli.edge import run
from asyncgen.contract import compare
from asyncgen.contract.document import read_contract
from runtime.testing.processes import Console
from runtime.testing.servers import Unavailable, running
from tests.postgresql import postgresql
from tests.real_redis import require_redis
from tests.template.conftest import template

from .shop import Effects, Shop
from .versions import BROKEN, SAFE, Change

__all__ = ["template"]

SCHEMES = {"redis": ("redis", "redis"), "rabbitmq": ("amqp", "postgresql")}
"""By broker, the URL schemes of broker and store."""

NEXT = "-next"
"""The end of the mark of a step that follows another one."""

ONCE_OR_NEVER = next(change for change in SAFE if "at-most-once" in change.old)

# By mark: what only new producers ask for, what workers of the other version refuse, and what both versions do.
FEATURES = {f"feature-{number}": call for number, call in enumerate(call for each in SAFE for call in each.features)}
DEADLY = {
    version: {
        f"dead-{each.function}-{version}": each.calls[version]
        for each in BROKEN
        if each.deadly and version in each.calls
    }
    for version in ("old", "new")
}
REPEATED = {f"repeated-{change.function}": change for change in BROKEN if not change.deadly}


@pytest.fixture
def env(broker: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of both versions, with private servers."""
    if broker == "redis":
        require_redis()
    with ExitStack() as stack:
        sql = stack.enter_context(postgresql()) if broker == "rabbitmq" else ""
        needs = dict(zip(("RUNTIME_BROKER_URL", "RUNTIME_IDEMPOTENCY_URL"), SCHEMES[broker], strict=True))
        try:
            urls = stack.enter_context(running(tmp_path, needs, {"RUNTIME_IDEMPOTENCY_URL": sql}))
        except Unavailable as unavailable:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(unavailable))
        yield {**os.environ, **urls, "RUNTIME_LEASE": "3", "RUNTIME_KEY_LEASE": "3"}


def of_each(version: str, own: str, shared: str, *, of_client: bool = False) -> dict[str, Change]:
    """The changes that a producer of this version has a call for, by marks that end in `own` or `shared`."""
    return {
        f"{number}-{shared if change.shared else own}": change
        for number, change in enumerate(SAFE)
        if version in change.calls and not (of_client and NEXT in change.calls[version])
    }


class Matrix:
    """Producers of two versions, and what their calls have left."""

    def __init__(self, old: Shop, new: Shop, effects: Effects) -> None:
        self.producers = {"old": old, "new": new}
        self.effects = effects
        self.published: dict[str, Change] = {}
        """By mark, all runs that have to be done once."""

    def publish(self, batch: str) -> list[str]:
        """Each producer publishes each call that is safe; the marks of the runs."""
        marks: dict[str, Change] = {}
        for version, producer in self.producers.items():
            by_service = of_each(version, f"{batch}-{version}", batch)
            by_client = of_each(version, f"{batch}-{version}-client", batch, of_client=True)
            producer.publish({mark: change.calls[version] for mark, change in by_service.items()})
            producer.publish_by_client({mark: change.calls[version] for mark, change in by_client.items()})
            steps = {f"{mark}{NEXT}": change for mark, change in by_service.items() if NEXT in change.calls[version]}
            marks |= by_service | by_client | steps
        self.published |= marks
        return [*marks]

    def are_done(self, marks: Iterable[str], version: str) -> bool:
        """Whether workers of this version have done all of these runs."""
        return all(version in self.effects.versions(mark) for mark in marks)

    def have_begun(self, marks: Iterable[str], version: str) -> bool:
        """Whether they have begun all that do not follow another one."""
        return all(version in self.effects.versions(mark, "begun") for mark in marks if not mark.endswith(NEXT))

    def are_over(self, marks: Iterable[str], version: str) -> bool:
        """The same of runs that a killed worker had begun: those in the mode at-most-once are not done again."""
        return self.are_done((mark for mark in marks if self.published[mark] is not ONCE_OR_NEVER), version)

    def dead(self) -> set[str]:
        """The marks of all dead letters."""
        return {letter["id"] for letter in self.producers["old"].console.command("dead", "list", "--json")}


@pytest.mark.long
@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def test_what_is_let_through_breaks_nothing_and_what_is_refused_does(
    broker: str, env: dict[str, str], template: Path, tmp_path: Path
) -> None:
    effects = Effects(tmp_path / "effects")
    features = [*FEATURES, *(f"{mark}-client" for mark in FEATURES)]
    env["SHOP_EFFECTS"] = str(effects.file)
    sides = [Shop(version, [*SAFE, *BROKEN], tmp_path / version, env) for version in ("old", "new")]
    with sides[0] as old, sides[1] as new:
        before, after = (read_contract(side.contract().encode(), side.version) for side in sides)
        found = {(change.subject, change.code) for change in compare(before, after) if change.breaks}
        assert found == {(change.function, change.code) for change in BROKEN}

        for side in sides:
            (tmp_path / f"{side.version}.json").write_text(side.contract())
            command = ["client", str(side.client), "--contract", str(tmp_path / f"{side.version}.json")]
            assert run([*command, "--template", str(template)]) == 0
        if broker == "rabbitmq":
            old.migrate()
        matrix = Matrix(old, new, effects)
        waiting = matrix.publish("before-old-workers")
        old.publish({mark: change.old_call for mark, change in REPEATED.items()})
        new.publish(DEADLY["new"])
        worker = old.worker()
        worker.wait(lambda: matrix.are_done([*waiting, *REPEATED], "old") and matrix.dead() == {*DEADLY["new"]})
        held = matrix.publish("stalls-in-old")
        worker.wait(lambda: matrix.have_begun(held, "old"))
        worker.kill()

        waiting = matrix.publish("before-new-workers")
        old.publish(DEADLY["old"])
        new.publish({mark: change.new_call for mark, change in REPEATED.items()})
        worker = new.worker()
        worker.wait(lambda: matrix.are_done([*waiting, *REPEATED], "new") and matrix.are_over(held, "new"))
        new.publish(FEATURES)
        new.publish_by_client({f"{mark}-client": call for mark, call in FEATURES.items()})
        worker.wait(lambda: matrix.are_done(features, "new") and matrix.dead() == {*DEADLY["new"], *DEADLY["old"]})
        held = matrix.publish("stalls-in-new")
        worker.wait(lambda: matrix.have_begun(held, "new"))
        worker.kill()

        waiting = matrix.publish("before-old-workers-again")
        worker = old.worker()
        worker.wait(lambda: matrix.are_done(waiting, "old") and matrix.are_over(held, "old"))
        assert matrix.dead() == {*DEADLY["new"], *DEADLY["old"]}
        if broker == "rabbitmq":
            refuses_other_arguments(new)

    for mark, change in matrix.published.items():
        if change is ONCE_OR_NEVER and "stalls" in mark:
            assert (len(effects.versions(mark, "begun")), effects.versions(mark)) == (1, []), mark
        else:
            assert len(effects.versions(mark)) == 1, f"{change.name}: {mark}"
    assert [effects.versions(mark) for mark in features] == [["new"]] * len(features)
    for mark, change in REPEATED.items():
        (_, first), (_, second) = effects.runs(mark)
        assert (first != second) == (change.code == "default-changed"), change.name


def refuses_other_arguments(side: Shop) -> None:
    """What changed arguments of a queue, or another type of its exchange, would do to each worker and producer."""
    with Console({**side.env, "RUNTIME_DELIVERY_LIMIT": "7"}) as other:
        other.python("from shop.app import app")
        for declare in (
            "app.amqp.queues['runtime.default'](channel).queue_declare()",
            "channel.exchange_declare('runtime', 'direct', durable=True)",
        ):
            with pytest.raises(AssertionError, match="PRECONDITION_FAILED"):
                other.python(f"channel = app.connection_for_write().default_channel; {declare}")
