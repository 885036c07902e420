"""A task keeps its former names: the first one in messages, all of them for what arrives and for who looks it up."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery, chain
from click.testing import CliRunner

from runtime import ServiceTask, TaskOptionError
from runtime.cli import group
from runtime.cli.dead import _filter
from runtime.cli.send import find
from runtime.dead_letters.filter import DeadLetterFilter
from runtime.schedule import celery_settings, slot_id
from runtime.task import service_tasks
from runtime.testing import InProcessService
from runtime.testing.app import load_app

from .service.app import app
from .service.queues import Queue
from .service.tasks.renamed import ALIASES, receipt

GOOD: dict[str, Any] = {
    "base": ServiceTask,
    "bind": True,
    "work_queue": Queue.SHORT,
    "idempotency": "lease",
    "soft_time_limit": 1,
    "time_limit": 2,
}
TASK: Any = receipt


@pytest.fixture
def planted() -> Iterator[Callable[..., Any]]:
    """Registers a task of the name `tests.planted`, in this application, for the length of a test."""
    before, register = dict(app.tasks), vars(Celery)["task"]

    def run(self: ServiceTask, *numbers: int) -> None:
        raise NotImplementedError

    def plant(**options: Any) -> Any:
        return register(app, shared=False, **{**GOOD, "name": "tests.planted", **options})(run)

    yield plant
    app.tasks.clear()
    app.tasks.update(before)


def queued() -> list[Any]:
    """The messages in the short queue of this process, which are taken out of it."""
    with app.connection_for_write() as connection:
        bound = app.amqp.queues[Queue.SHORT.value.wire_name].bind(connection.default_channel)
        return list(iter(lambda: bound.get(no_ack=True), None))


def test_a_renamed_task_is_one_task_with_its_first_name() -> None:
    assert (TASK.name, TASK.own_name, TASK.names) == (ALIASES[0], "tests.receipt", ("tests.receipt", *ALIASES))
    found = {id(app.tasks[name]) for name in TASK.names}
    assert len(found) == 1
    assert [task.own_name for task in service_tasks(app)].count("tests.receipt") == 1
    assert not {task.own_name for task in service_tasks(app)} & set(ALIASES)


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        (
            "tests.old",
            r"expected aliases of tests\.planted to be a tuple .* got: 'tests.old'; write \(\"tests.old\",\)",
        ),
        (["tests.old"], r"to be a tuple of former names, got: \['tests.old'\]; write a tuple"),
        (("old",), "to be full names, of module and function, got: 'old'; write it in full"),
        (("tests.an old",), "to be full names"),
        ((1,), "to be full names, of module and function, got: 1"),
        (("tests.planted",), "to be its former names, got: the one that it has; remove it"),
        (("tests.old", "tests.planted"), "to be its former names, got: the one that it has; remove it"),
        (("tests.effect",), r"one task to have the name tests\.effect, its own or an alias, got: .*effect and .*run"),
        (("tests.old", ALIASES[1]), r"one task to have the name tests\.bill, .* got: .*receipt and .*run; rename one"),
    ],
)
def test_a_name_that_cannot_be_an_alias_stops_the_service(
    planted: Callable[..., Any], aliases: Any, message: str
) -> None:
    with pytest.raises(TaskOptionError, match=message):
        planted(aliases=aliases)
    assert "tests.planted" not in app.tasks


def test_a_task_that_has_its_first_name_again_keeps_it_and_those_in_between(planted: Callable[..., Any]) -> None:
    task = planted(aliases=("tests.planted", "tests.between"))
    assert (task.name, task.own_name, task.names) == ("tests.planted", "tests.planted", task.aliases)
    assert app.tasks["tests.between"] is app.tasks["tests.planted"]
    assert [each.own_name for each in service_tasks(app)].count("tests.planted") == 1


def test_a_task_cannot_have_the_alias_of_another(planted: Callable[..., Any]) -> None:
    with pytest.raises(TaskOptionError, match=r"one task to have the name tests\.bill, its own or an alias, got: "):
        planted(name=ALIASES[1])


def test_a_module_that_is_imported_again_registers_the_same_task(planted: Callable[..., Any]) -> None:
    first = planted(aliases=("tests.old",))
    assert planted(aliases=("tests.old",)) is first


@pytest.mark.usefixtures("service")
def test_what_is_published_has_the_first_name(tmp_path: Any) -> None:
    queued()
    TASK.delay(str(tmp_path), 1)
    app.send_task("tests.receipt", (str(tmp_path), 2))
    chain(TASK.si(str(tmp_path), 3), app.tasks["tests.receipt"].si(str(tmp_path), 4)).apply_async()
    messages = queued()
    assert [message.headers["task"] for message in messages] == [ALIASES[0]] * 3
    assert [step["task"] for step in messages[-1].payload[2]["chain"]] == [ALIASES[0]]


def test_its_key_and_its_schedule_have_the_first_name(planted: Callable[..., Any]) -> None:
    task = planted(aliases=("tests.old",), every="1d")
    assert celery_settings([task])["beat_schedule"].keys() == {"tests.old"}
    assert celery_settings([task])["beat_schedule"]["tests.old"]["task"] == "tests.old"
    assert slot_id(task).startswith("tests.old@")


def test_a_run_and_its_dead_letter_have_the_first_name(service: InProcessService, planted: Callable[..., Any]) -> None:
    task = planted(aliases=("tests.old",), throws=(NotImplementedError,))
    assert service.deliver(task, 1).state == "FAILURE"
    assert [letter.task for letter in service.dead_letters()] == ["tests.old"]


@pytest.mark.parametrize("name", ["receipt", "tests.receipt", "invoice", "tests.invoice", "bill", "tests.bill"])
def test_it_is_found_by_each_of_its_names(name: str) -> None:
    assert find(app, name).own_name == "tests.receipt"
    assert _filter(load_app, {"task": name}) == DeadLetterFilter(tasks=frozenset({name, *TASK.names}))


def test_a_name_of_its_own_goes_before_a_former_one(planted: Callable[..., Any]) -> None:
    planted(name="other.bill")
    assert find(app, "bill").own_name == "other.bill"
    assert find(app, "tests.bill").own_name == "tests.receipt"


@pytest.mark.usefixtures("service")
def test_send_publishes_it_by_its_own_name_and_names_it_so(tmp_path: Any) -> None:
    queued()
    arguments = json.dumps({"folder": str(tmp_path), "customer_id": 1})
    assert CliRunner().invoke(group, ["send", "receipt", arguments], obj=load_app).exit_code == 0
    assert [message.headers["task"] for message in queued()] == [ALIASES[0]]
    refused = CliRunner().invoke(group, ["send", "receipt", "{}"], obj=load_app)
    assert "expected the arguments of tests.receipt to be" in str(refused.exception)
