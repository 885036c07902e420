"""Each marked line has an error that type checkers have to report; `test_shared_task` sees that they do.

`# wrong: mypy` marks what pyright takes: the type of an enum's values is `Any` to its protocols.
"""

from enum import Enum

from celery import chain

from runtime import QueueClass, ServiceTask, Workflow, shared_task


class Queue(Enum):
    DEFAULT = QueueClass("default", max_runtime=300)


class Colour(Enum):
    RED = "red"


class Base(ServiceTask):
    abstract = True


@shared_task(base=ServiceTask, bind=True, work_queue=Queue.DEFAULT, idempotency="lease")
def send(self: ServiceTask, user_id: int) -> None:
    raise self.retry(count_down=5)  # wrong


@shared_task(base=ServiceTask, bind=True, work_queue=Queue.DEFAULT, idempotency="lease", keep_result="shown")
def charge(self: ServiceTask, invoice_id: int, currency: str = "EUR", *, dry: bool = False) -> dict[str, str]:
    return {"amount": self.request.nonsense}  # wrong


def calls() -> None:
    send("wrong")  # wrong
    send.delay("wrong")  # wrong
    send.delay(nonsense=1)  # wrong
    send.delay()  # wrong
    send.delay(1, 2)  # wrong
    send.s("wrong")  # wrong
    send.s(1, 2)  # wrong
    send.s(nonsense=1)  # wrong
    send.si()  # wrong
    send.si("wrong")  # wrong
    send.apply_async()  # wrong
    send.apply_async(args=("wrong",))  # wrong
    send.apply_async(("wrong",), countdown=5)  # wrong
    send.apply_async(args=())  # wrong
    send.apply_async(args=(1, 2))  # wrong
    send.apply_async(args=(1,), count_down=5)  # wrong
    send.apply_async(args=(1,), countdown="5")  # wrong
    send.apply_async(args=(1,), kwargs=("user_id", 1))  # wrong
    send.nonsense(1)  # wrong
    charge.delay(1, dry="wrong")  # wrong
    charge.s(dry="wrong")  # wrong
    charge.apply_async((1, 2))  # wrong
    charge.signature(1)  # wrong
    chain(send.si(1), charge.s(2, 3))  # wrong
    Workflow("both", None, send).step("1", send, "wrong")  # wrong
    Workflow("both", None, send).step("1", send)  # wrong


def returned() -> int:
    total: int = charge(1)  # wrong
    amount: int = charge.delay(1).get()  # wrong
    charge(1)["amount"].append("wrong")  # wrong
    return total + amount


@shared_task(base=ServiceTask, bind=True, idempotncy="lease")  # wrong
def misspelt(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, idempotency="leese")  # wrong
def wrong_idempotency(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, work_queue="default")  # wrong
def wrong_queue(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, work_queue=Queue.DEFAULT.value)  # wrong
def wrong_queue_class(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, work_queue=Colour.RED)  # wrong: mypy
def wrong_enum(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, queue="default")  # wrong
def deprecated_queue(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, time_limit="3")  # wrong
def wrong_limit(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, key="user_id")  # wrong
def wrong_key(self: ServiceTask, user_id: int) -> None: ...


@shared_task(base=ServiceTask, bind=True, aliases="shop.tasks.bill.bill")  # wrong
def wrong_aliases(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, autoretry_for=(1,))  # wrong
def wrong_errors(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, acks_late=False)  # wrong
def early(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask, bind=True, ignore_result=False)  # wrong
def ignoring(self: ServiceTask) -> None: ...


@shared_task(base=ServiceTask)  # wrong
def unbound(user_id: int) -> None: ...


@shared_task(bind=True)  # wrong
def baseless(self: ServiceTask) -> None: ...


@shared_task(base=Base, bind=True)
def of_the_base(self: Base) -> None: ...


@shared_task(base=ServiceTask, bind=True)  # wrong
def of_another_base(self: Base) -> None: ...


@shared_task(base=int, bind=True)  # wrong
def no_base(self: int) -> None: ...
