"""Changes of tasks, as source before and after: what the gate lets through, and what it refuses."""

from dataclasses import dataclass

__all__ = ["BROKEN", "SAFE", "Change"]


@dataclass(frozen=True)
class Change:
    """A task of `shop.tasks.work` in two versions, with the calls of producers, in which M is the mark of a run.

    old_call, new_call: the same call in the code of either producer; "" where that producer has none.
    features: what only the new producer can ask for, once the workers are new.
    shared: both producers ask for the same run, whose key is made of its arguments.
    code: of what the gate finds. deadly: each producer's call is refused by the other's worker; else that one does it
    again, or otherwise.
    """

    name: str
    old: str
    new: str
    old_call: str = ""
    new_call: str = ""
    features: tuple[str, ...] = ()
    shared: bool = False
    code: str = ""
    deadly: bool = True

    @property
    def function(self) -> str:
        """The name of the task that the gate names."""
        source = self.old if self.code.startswith("task-") else self.new
        return source.partition("def ")[2].partition("(")[0]

    @property
    def calls(self) -> dict[str, str]:
        """By producer."""
        return {name: call for name, call in (("old", self.old_call), ("new", self.new_call)) if call}


def same(name: str, old: str, new: str, call: str, **others: object) -> Change:
    """A change after which the call reads as before."""
    return Change(name, old, new, call, call, **others)  # type: ignore[arg-type]  # the fields above


SAFE = [
    same(
        "an optional argument",
        "@task(**EXACTLY_ONCE)\ndef optional(self, mark: str): leave(mark)",
        "@task(**EXACTLY_ONCE)\ndef optional(self, mark: str, note: str = 'none'): leave(mark)",
        "optional.delay(M)",
        features=("optional.delay(M, 'note')", "optional.delay(M, note='note')"),
    ),
    same(
        "an optional argument beside a key",
        "@task(key=('mark',))\ndef keyed(self, mark: str): leave(mark)",
        "@task(key=('mark',))\ndef keyed(self, mark: str, note: str | None = None): leave(mark)",
        "keyed.delay(M)",
        shared=True,
    ),
    same(
        "an argument by name alone",
        "@task()\ndef by_name(self, mark: str, number: int): leave(mark, number)",
        "@task()\ndef by_name(self, mark: str, number: int, *, note: str = ''): leave(mark, number)",
        "by_name.delay(M, 1)",
        features=("by_name.delay(M, 1, note='note')",),
    ),
    Change(
        "a rename with an alias",
        "@task()\ndef send(self, mark: str): leave(mark)",
        "@task(aliases=('shop.tasks.work.send',))\ndef bill(self, mark: str): leave(mark)",
        "send.delay(M)",
        "bill.delay(M)",
    ),
    Change(
        "a second rename, of a task whose key is its own",
        "@task(key=('mark',), aliases=('shop.tasks.work.one',))\ndef two(self, mark: str): leave(mark)",
        "@task(key=('mark',), aliases=('shop.tasks.work.one', 'shop.tasks.work.two'))\n"
        "def three(self, mark: str): leave(mark)",
        "two.delay(M)",
        "three.delay(M)",
        shared=True,
    ),
    Change(
        "a former argument, which is in the key",
        "@task(key=('mark', 'customer'), **EXACTLY_ONCE)\n"
        "def receipt(self, mark: str, customer: int): leave(mark, customer)",
        "@task(key=('mark', 'customer_id'), former_arguments={'customer': 'customer_id'}, **EXACTLY_ONCE)\n"
        "def receipt(self, mark: str, customer_id: int): leave(mark, customer_id)",
        "receipt.delay(M, customer=7)",
        "receipt.delay(M, customer_id=7)",
        shared=True,
    ),
    same(
        "a wider type, in the key",
        "@task(key=('mark', 'count'))\ndef widened(self, mark: str, count: int): leave(mark, count)",
        "@task(key=('mark', 'count'))\ndef widened(self, mark: str, count: int | None): leave(mark, count)",
        "widened.delay(M, 3)",
        features=("widened.delay(M, None)",),
        shared=True,
    ),
    same(
        "a float beside an int, in the key",
        "@task(key=('mark', 'of'))\ndef amount(self, mark: str, of: list[int]): leave(mark)",
        "@task(key=('mark', 'of'))\ndef amount(self, mark: str, of: list[int | float]): leave(mark)",
        "amount.delay(M, of=[1, 2])",
        features=("amount.delay(M, [1.5])",),
        shared=True,
    ),
    same(
        "one more value",
        "@task()\ndef mode(self, mark: str, by: Literal['card', 'bank']): leave(mark, by)",
        "@task()\ndef mode(self, mark: str, by: Literal['card', 'bank', 'cash']): leave(mark, by)",
        "mode.delay(M, by='bank')",
        features=("mode.delay(M, by='cash')",),
    ),
    same(
        "a new default",
        "@task()\ndef eased(self, mark: str, at: datetime): leave(mark)",
        "@task()\ndef eased(self, mark: str, at: datetime | None = None): leave(mark)",
        "eased.delay(M, at=datetime(2026, 1, 31))",
        features=("eased.delay(M)",),
    ),
    same(
        "further arguments",
        "@task()\ndef further(self, mark: str): leave(mark)",
        "@task()\ndef further(self, mark: str, **others: int): leave(mark)",
        "further.delay(M)",
        features=("further.delay(M, more=1)",),
    ),
    same(
        "other limits and retries of a task whose key comes first",
        "@task(idempotency='at-most-once', max_retries=3)\ndef options(self, mark: str): leave(mark)",
        "@task(idempotency='at-most-once', time_limit=110, deprecated='call send')\n"
        "def options(self, mark: str): leave(mark)",
        "options.delay(M)",
    ),
    Change(
        "steps of a chain",
        "@task(idempotency='natural')\ndef step(self, mark: str): leave(mark)",
        "@task(idempotency='natural')\ndef step(self, mark: str, note: str = ''): leave(mark)",
        "chain(step.si(M), send.si(M + '-next')).delay()",
        "chain(step.si(M), bill.si(M + '-next')).delay()",
    ),
    Change(
        "a new task",
        "",
        "@task()\ndef fresh(self, mark: str, of: str): leave(mark)",
        features=("fresh.delay(M, 'x')",),
    ),
    Change(
        "a new task in a new queue",
        "",
        "@task(work_queue=Queue.BULK)\ndef bulk(self, mark: str, many: int): leave(mark)",
        features=("bulk.delay(M, 9)",),
    ),
]

BROKEN = [
    Change(
        "a task removed",
        "@task()\ndef gone(self, mark: str, gone: int): leave(mark)",
        "",
        "gone.apply_async((M, 1), task_id=M)",
        code="task-removed",
    ),
    Change(
        "a rename without an alias",
        "@task()\ndef former(self, mark: str, what: bool): leave(mark)",
        "@task()\ndef latter(self, mark: str, what: bool): leave(mark)",
        "former.apply_async((M, True), task_id=M)",
        "latter.apply_async((M, True), task_id=M)",
        code="task-renamed",
    ),
    Change(
        "a required argument",
        "@task()\ndef needy(self, mark: str): leave(mark)",
        "@task()\ndef needy(self, mark: str, mode: str): leave(mark)",
        "needy.apply_async((M,), task_id=M)",
        code="argument-required",
    ),
    Change(
        "an argument without its default",
        "@task()\ndef strict(self, mark: str, mode: str = ''): leave(mark)",
        "@task()\ndef strict(self, mark: str, mode: str): leave(mark)",
        "strict.apply_async((M,), task_id=M)",
        code="argument-required",
    ),
    Change(
        "an argument removed",
        "@task()\ndef less(self, mark: str, note: str = ''): leave(mark)",
        "@task()\ndef less(self, mark: str): leave(mark)",
        "less.apply_async((M,), {'note': 'x'}, task_id=M)",
        code="argument-removed",
    ),
    Change(
        "an argument renamed",
        "@task()\ndef called(self, mark: str, customer: int): leave(mark)",
        "@task()\ndef called(self, mark: str, customer_id: int): leave(mark)",
        "called.apply_async((M,), {'customer': 1}, task_id=M)",
        "called.apply_async((M,), {'customer_id': 1}, task_id=M)",
        code="argument-renamed",
    ),
    Change(
        "a narrower type",
        "@task()\ndef narrow(self, mark: str, count: int | None): leave(mark)",
        "@task()\ndef narrow(self, mark: str, count: int): leave(mark)",
        "narrow.apply_async((M, None), task_id=M)",
        code="argument-narrowed",
    ),
    Change(
        "a value removed",
        "@task()\ndef fewer(self, mark: str, by: Literal['card', 'bank']): leave(mark)",
        "@task()\ndef fewer(self, mark: str, by: Literal['card']): leave(mark)",
        "fewer.apply_async((M, 'bank'), task_id=M)",
        code="argument-narrowed",
    ),
    Change(
        "other positions",
        "@task()\ndef moved(self, mark: str, number: int, text: str): leave(mark)",
        "@task()\ndef moved(self, mark: str, text: str, number: int): leave(mark)",
        "moved.apply_async((M, 1, 'x'), task_id=M)",
        code="positions-changed",
    ),
    Change(
        "a float for an int",
        "@task()\ndef price(self, mark: str, of: int): leave(mark)",
        "@task()\ndef price(self, mark: str, of: float): leave(mark)",
        new_call="price.apply_async((M, 1), task_id=M)",
        code="argument-converted",
    ),
    same(
        "another default",
        "@task()\ndef greet(self, mark: str, greeting: str = 'old'): leave(mark, greeting)",
        "@task()\ndef greet(self, mark: str, greeting: str = 'new'): leave(mark, greeting)",
        "greet.delay(M)",
        code="default-changed",
        deadly=False,
    ),
    same(
        "another key",
        "@task(key=('mark',))\ndef key(self, mark: str, number: int): leave(mark)",
        "@task(key=('mark', 'number'))\ndef key(self, mark: str, number: int): leave(mark)",
        "key.delay(M, 1)",
        code="key-changed",
        deadly=False,
    ),
    same(
        "an int in the key that was a float",
        "@task(key=('mark', 'number'))\ndef form(self, mark: str, number: float): leave(mark)",
        "@task(key=('mark', 'number'))\ndef form(self, mark: str, number: float | int): leave(mark)",
        "form.delay(M, 1)",
        code="argument-converted",
        deadly=False,
    ),
    same(
        "another mode",
        "@task(key=('mark',))\ndef lax(self, mark: str): leave(mark)",
        "@task(idempotency='natural', key=('mark',))\ndef lax(self, mark: str): leave(mark)",
        "lax.delay(M)",
        code="idempotency-changed",
        deadly=False,
    ),
]
