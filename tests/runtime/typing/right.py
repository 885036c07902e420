"""Tasks as an owner writes them, and the ways to call them: no type checker may find an error.

As a program, it makes the tasks, which checks the names of their options at run time.
"""

from enum import Enum
from typing import Any

import celery
from celery import chain, chord, group
from celery.canvas import Signature

from runtime import QueueClass, ServiceTask, Workflow, shared_task


class Queue(Enum):
    DEFAULT = QueueClass("default", max_runtime=300)


class Base(ServiceTask):
    """The owner's base class, with an option of its own."""

    abstract = True
    alert: str | None = None


class Alerting(Base):
    abstract = True
    alert = "pager"


@shared_task(base=Base, bind=True, work_queue=Queue.DEFAULT, idempotency="transactional", key=("user_id",))
def send_welcome(self: Base, user_id: int) -> None:
    self.session.flush()
    if self.alert and self.idempotency_key and self.request.id:
        raise self.retry(countdown=5, max_retries=3)


@shared_task(base=ServiceTask, bind=True, idempotency="lease", keep_result="the caller shows it")
def charge(self: ServiceTask, invoice_id: int, currency: str = "EUR", *, dry: bool = False) -> dict[str, str]:
    return {"key": self.idempotency_key, "currency": currency}


@shared_task(base=Alerting, bind=True, idempotency="natural")
def report(self: Alerting) -> str:
    return self.alert or ""


@shared_task(base=ServiceTask, bind=True, idempotency="at-most-once")
def long_list(self: ServiceTask, a: int, b: int, c: int, d: int, e: int = 0) -> int:
    return a + b + c + d + e


@celery.shared_task(base=Base, bind=True, work_queue=Queue.DEFAULT, idempotency="lease")
def of_an_earlier_release(self: Base, user_id: int) -> None: ...


@shared_task(
    base=ServiceTask,
    bind=True,
    work_queue=Queue.DEFAULT,
    idempotency="lease",
    key=("user_id",),
    keep_result="the caller shows it",
    every="0 3 * * *",
    breaker="mail",
    aliases=("tests.any_option",),
    former_arguments={"customer": "user_id"},
    deprecated="use send_welcome",
    name="tests.every_option",
    soft_time_limit=20,
    time_limit=30.5,
    autoretry_for=(ConnectionError, TimeoutError),
    dont_autoretry_for=(ConnectionRefusedError,),
    max_retries=None,
    default_retry_delay=1,
    retry_backoff=True,
    retry_backoff_max=60,
    retry_jitter=False,
    retry_kwargs={"countdown": 5},
    rate_limit="10/m",
    throws=(KeyError,),
    expires=60,
    priority=3,
    serializer="json",
    resultrepr_maxsize=100,
    send_events=False,
    track_started=True,
    trail=False,
    typing=True,
)
def every_option(self: ServiceTask, user_id: int) -> None: ...


def calls() -> list[str]:
    send_welcome(1)
    send_welcome.delay(1)
    send_welcome.delay(user_id=1)
    send_welcome.apply_async((1,))
    send_welcome.apply_async(args=(1,), task_id="one", countdown=5, queue="other", headers={"trace": "1"})
    send_welcome.apply_async(kwargs={"user_id": 1})
    charge.apply_async((1,))
    charge.apply_async((1, "USD"), {"dry": True})
    charge.apply_async((1, "USD"), kwargs=None, producer=None, expires=10.0)
    report.apply_async()
    report.apply_async(countdown=5)
    long_list.apply_async((1, 2, 3, 4))
    arguments: tuple[Any, ...] = (1, 2)
    charge.apply_async(arguments, {})
    id_of_the_run: str = charge.delay(1, currency="USD", dry=True).id
    kept: dict[str, str] = charge.delay(1).get()
    returned: str = charge(1)["currency"]
    limit: float | None = charge.time_limit
    return [id_of_the_run, *kept, returned, report(), report.name, report.run(), str(limit), str(charge.work_queue)]


def canvas() -> None:
    first: Signature[dict[str, str]] = charge.s(1)
    chain(first, report.si(), charge.s("USD", dry=True), send_welcome.s()).apply_async()
    group(charge.s(1), charge.si(2, currency="USD")).apply_async()
    chord([send_welcome.s(1), send_welcome.s(2)], charge.s()).apply_async()
    chord(group(send_welcome.si(user_id=1)))(report.si())
    charge.signature((1,), {"dry": True}, immutable=True, countdown=5).apply_async()
    workflow = Workflow("welcome", None, report)
    workflow.publish(
        chain(
            workflow.step("1", send_welcome, 1),
            workflow.step("2", charge, 1, counted=True),
            workflow.step("3", of_an_earlier_release, 1),
            of_an_earlier_release.s(1),
        )
    )


if __name__ == "__main__":
    for task in (send_welcome, charge, report, long_list, every_option):
        print(task.name.rpartition(".")[2])
