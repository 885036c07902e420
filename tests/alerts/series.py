"""Series of a service for `promtool test rules`: of one that is well, and what a fault changes in them.

Values are in promtool's notation, a sample every STEP seconds: `0+5x3` is 0 5 10 15, `stale` ends a series.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CLEAN", "END", "FAULTS", "LONGEST", "PLANTED", "STEP", "Fault", "well"]

STEP = 5
PLANTED = 120
"""Seconds until the fault is there."""
END = PLANTED + 90
LONGEST = 10
"""The max_runtime of both queues, in seconds."""

BEFORE, AFTER = PLANTED // STEP, (END - PLANTED) // STEP
FIRST, OTHER, EXPORTER = 'instance="first:9464"', 'instance="other:9464"', 'instance="exporter:9464"'
REPORT = 'task="shop.tasks.report.report"'
BILL = f'task="shop.tasks.bill.bill",queue="first",{FIRST}'


def then(before: str, after: str, late: int = 0) -> str:
    """`before` until `late` seconds after the fault, then `after`: a first value and a change, or `stale`."""
    number = late // STEP
    return f"{before}x{BEFORE + number - 1} {after}{'' if after == 'stale' else f'x{AFTER - number}'}"


def faster(before: int, after: int) -> str:
    """A counter that grows by `before` in each step, and by `after` since the fault."""
    return then(f"0+{before}", f"{before * BEFORE}+{after}")


def all_along(values: str) -> str:
    """A first value, and a change if there is one."""
    return f"{values}x{BEFORE + AFTER}"


def well() -> dict[str, str]:
    """Two queues of which each gets ten tasks a second, a schedule, an outbox and a circuit; few messages wait."""
    series = {
        f"celery_broker_up{{{EXPORTER}}}": all_along("1"),
        f'celery_broker_finding{{subject="redis appendonly",{EXPORTER}}}': all_along("0"),
        f'celery_circuit_state{{circuit="bank",state="open",{EXPORTER}}}': all_along("0"),
        f"celery_schedule_period_seconds{{{REPORT},{EXPORTER}}}": all_along("86400"),
        f'celery_schedule_due_timestamp_seconds{{{REPORT},instance="beat:9464"}}': all_along("86400"),
        f"celery_outbox_oldest_message_age_seconds{{{EXPORTER}}}": all_along("0.3"),
    }
    for queue, worker in (("first", FIRST), ("other", OTHER)):
        task = f'task="shop.tasks.bill.bill",queue="{queue}",{worker}'
        series |= {
            f'celery_queue_messages_waiting{{queue="{queue}",{EXPORTER}}}': all_along("2"),
            f'celery_queue_oldest_message_age_seconds{{queue="{queue}",{EXPORTER}}}': all_along("0.2"),
            f'celery_queue_max_runtime_seconds{{queue="{queue}",{EXPORTER}}}': all_along(str(LONGEST)),
            f'celery_queue_dead_letters{{queue="{queue}",{EXPORTER}}}': all_along("3"),
            f'celery_worker_consuming{{queue="{queue}",{worker}}}': all_along("1"),
            f"celery_worker_connected{{{worker}}}": all_along("1"),
            f"celery_worker_pool_stuck{{{worker}}}": all_along("0"),
            f"celery_tasks_started_total{{{task}}}": all_along("0+50"),
            f"celery_tasks_retried_total{{{task}}}": all_along("0+1"),
            f"celery_task_duplicates_total{{{task}}}": all_along("0+1"),
        }
    return series


WAITING = f'celery_queue_messages_waiting{{queue="first",{EXPORTER}}}'
OLDEST = f'celery_queue_oldest_message_age_seconds{{queue="first",{EXPORTER}}}'
CONSUMING = f'celery_worker_consuming{{queue="first",{FIRST}}}'
CONNECTED = f"celery_worker_connected{{{FIRST}}}"
STUCK = f"celery_worker_pool_stuck{{{FIRST}}}"
STARTED = f"celery_tasks_started_total{{{BILL}}}"
RETRIED = f"celery_tasks_retried_total{{{BILL}}}"
DUPLICATES = f"celery_task_duplicates_total{{{BILL}}}"
DEAD = f'celery_queue_dead_letters{{queue="first",{EXPORTER}}}'
FINDING = f'celery_broker_finding{{subject="redis appendonly",{EXPORTER}}}'
DUE = f'celery_schedule_due_timestamp_seconds{{{REPORT},instance="beat:9464"}}'
CIRCUIT = f'celery_circuit_state{{circuit="bank",state="open",{EXPORTER}}}'
OUTBOX = f"celery_outbox_oldest_message_age_seconds{{{EXPORTER}}}"

UNTAKEN = {WAITING: then("2", "2+50"), OLDEST: then("0.2", "0+5"), STARTED: faster(50, 0)}
"""What follows where nobody takes the messages of the first queue."""
GONE = {each: then(each_before, "stale") for each, each_before in ((CONSUMING, "1"), (CONNECTED, "1"), (STUCK, "0"))}
"""A worker that is killed."""
NO_EXPORTER = {name: then(values.partition("x")[0], "stale") for name, values in well().items() if EXPORTER in name}


@dataclass(frozen=True)
class Fault:
    """What changes when it is planted; the alert and its labels; after how many seconds it fires, to the step."""

    alert: str
    labels: Mapping[str, str]
    after: int
    changes: Mapping[str, str]
    needs: str = ""
    """The answer without which there is no such rule."""


FAULTS: dict[str, Fault] = {
    "a setting of the broker": Fault(
        "CeleryBrokerUnsafe", {"subject": "redis appendonly"}, 20, {FINDING: then("0", "1")}
    ),
    "the broker is away": Fault(
        "CeleryBrokerUnsafe",
        {"subject": "connection"},
        20,
        {
            **{name: values for name, values in NO_EXPORTER.items() if "celery_queue" in name},
            f"celery_broker_up{{{EXPORTER}}}": then("1", "0"),
            CONNECTED: then("1", "0"),
            CONSUMING: then("1", "0"),
            OUTBOX: then("0.3", "0+5"),
            DUE: then(f"{PLANTED}", f"{PLANTED}"),
            STARTED: faster(50, 0),
        },
    ),
    "the exporter is away": Fault("CeleryBrokerUnsafe", {"subject": "exporter"}, 20, NO_EXPORTER),
    "no worker on a queue": Fault("CeleryQueueWithoutWorker", {"queue": "first"}, 30, {**UNTAKEN, **GONE}),
    "no worker that reaches the broker": Fault(
        "CeleryQueueWithoutWorker",
        {"queue": "first"},
        30,
        {**UNTAKEN, CONNECTED: then("1", "0"), CONSUMING: then("1", "0")},
    ),
    "deaf worker": Fault(
        "CeleryWorkerDeaf",
        {"queue": "first", "instance": "first:9464"},
        30,
        {**UNTAKEN, CONSUMING: then("1", "0", late=20)},
    ),
    "pool stuck": Fault(
        "CeleryPoolStuck",
        {"queue": "first", "instance": "first:9464"},
        25,
        {**UNTAKEN, STUCK: then("0", "1", late=20)},
    ),
    "open circuit": Fault(
        "CeleryCircuitOpen",
        {"circuit": "bank"},
        0,
        {CIRCUIT: f"0x{BEFORE - 1} 1x5 0 1x5 0 1x5", RETRIED: faster(1, 2)},
        needs="breaker_redis",
    ),
    "duplicate storm": Fault(
        "CeleryDuplicateStorm",
        {"queue": "first", "task": "shop.tasks.bill.bill"},
        15,
        {DUPLICATES: faster(1, 50), STARTED: faster(50, 60), WAITING: then("2", "2+20"), OLDEST: then("0.2", "0.2+1")},
    ),
    "retry storm": Fault(
        "CeleryRetryStorm",
        {"queue": "first", "task": "shop.tasks.bill.bill"},
        20,
        {RETRIED: faster(1, 150), STARTED: faster(50, 160), WAITING: then("2", "2+20"), OLDEST: then("0.2", "0.2+1")},
    ),
    "dead letters arrive": Fault("CeleryDeadLetters", {"queue": "first"}, 0, {DEAD: then("3", "4")}),
    "schedule late": Fault(
        "CeleryScheduleLate",
        {"task": "shop.tasks.report.report"},
        40,
        {DUE: then(f"{PLANTED}", f"{PLANTED}")},
        needs="scheduler",
    ),
    "schedule stopped": Fault(
        "CeleryScheduleLate",
        {"task": "shop.tasks.report.report"},
        20,
        {DUE: then("86400", "stale")},
        needs="scheduler",
    ),
    "relay behind": Fault("CeleryRelayBehind", {}, 40, {OUTBOX: then("0.3", "0+5")}, needs="store_sql"),
    "backlog grows": Fault(
        "CeleryBacklogGrows", {"queue": "first"}, 30, {WAITING: then("2", "2+25"), OLDEST: then("0.2", "0+2")}
    ),
    "oldest message too old": Fault(
        "CeleryOldestMessageTooOld",
        {"queue": "first"},
        45,
        {WAITING: then("2", "5"), OLDEST: then("0.2", "0+5"), STARTED: faster(50, 2)},
    ),
}

CLEAN: dict[str, dict[str, str]] = {
    "nothing": {},
    "many messages at once": {WAITING: f"2x{BEFORE - 1} 90-10x9 2x20", OLDEST: f"0.2x{BEFORE - 1} 1+1x8 0.2x20"},
    "few messages, at random": {
        WAITING: f"0x{BEFORE - 1} 1 3 0 2 5 4 7 0 1 1 2 3 4 5 6 7 8 9",
        STARTED: faster(1, 1),
    },
    "a worker that is replaced": {
        each: f"{value}x{BEFORE - 1} stale _x2 {value}x{AFTER}"
        for each, value in ((CONSUMING, "1"), (CONNECTED, "1"), (STUCK, "0"))
    },
    "a beat that is replaced": {DUE: f"86400x{BEFORE - 1} stale _x2 86400x{AFTER}"},
    "an exporter that is replaced": {
        name: f"{values.partition('x')[0]}x{BEFORE - 1} stale _x2 {values.partition('x')[0]}x{AFTER}"
        for name, values in well().items()
        if EXPORTER in name
    },
    "a killed worker's messages, given again": {DUPLICATES: then("0", "8"), STARTED: faster(1, 1)},
    "some runs that are tried again": {RETRIED: faster(1, 20)},
    "dead letters that are replayed": {DEAD: then("3", "1")},
    "a worker that connects again": {
        CONNECTED: f"1x{BEFORE - 1} 0 0 1x{AFTER}",
        CONSUMING: f"1x{BEFORE - 1} 0 0 0 1x{AFTER}",
    },
}
"""What happens in a service that is well."""
