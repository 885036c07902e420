"""ACG109 where a publish is no call of a task's own method, and where a class or a type leads to it."""

from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]

TASKS = """
    from celery import Celery
    app = Celery("shop")

    @app.task
    def invoice(pk): ...

    @app.task
    def ship(pk): ...
"""
MODELS = """
    from django.db import models

    class Order(models.Model):
        pass
"""
SHOP = {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/models.py": MODELS}


def test_calls_that_send_a_canvas_and_calls_in_threads(planted: Planted) -> None:
    code = """
        import asyncio
        from asgiref.sync import sync_to_async
        from celery import chain, chord, group
        from django.db import transaction
        from shop import tasks
        from shop.tasks import invoice, ship

        def canvas(order, loop):
            every = group(invoice.s(pk) for pk in order.pks)
            with transaction.atomic():
                order.save()
                chord([invoice.s(1)])(ship.s(2))  # <- ACG109
                chain(invoice.s(1), ship.s())()  # <- ACG109
                (invoice.s(1) | ship.s())()  # <- ACG109
                every()  # <- ACG109
                invoice.s(1)()
                invoice(1)
                loop.run_in_executor(None, ship.delay, 1)  # <- ACG109
                loop.run_in_executor(None, order.pay, 1)
                transaction.on_commit(every)

        async def threads(order):
            async with transaction.atomic():
                await order.asave()
                await sync_to_async(invoice.delay)(order.pk)  # <- ACG109
                await asyncio.to_thread(invoice.apply_async, (order.pk,))  # <- ACG109
                await sync_to_async(order.pay)(order.pk)
            await sync_to_async(invoice.delay)(order.pk)

        STEPS = {"invoice": invoice, "ship": ship}
        WORDS = {"invoice": "send", "ship": "go"}

        @transaction.atomic
        def looked_up(order, task, word):
            order.save()
            task.delay(order.pk)  # <- ACG109
            STEPS[word].delay(order.pk)  # <- ACG109
            getattr(tasks, word).delay(order.pk)  # <- ACG109
            for task in (invoice, ship):
                task.apply_async((order.pk,))  # <- ACG109
            WORDS[word].delay(order.pk)
            word.delay(order.pk)
    """
    planted("ACG109", {**SHOP, "shop/code.py": code})


def test_what_on_commit_is_given(planted: Planted) -> None:
    code = """
        from functools import partial
        from django.db import transaction
        from shop.tasks import invoice

        def pay(order):
            transaction.on_commit(invoice.delay(order.pk))  # <- ACG109
            transaction.on_commit(partial(invoice.delay, order.pk))
            transaction.on_commit(lambda: invoice.delay(order.pk))
    """
    planted("ACG109", {**SHOP, "shop/code.py": code})


def test_a_transaction_of_the_class(planted: Planted) -> None:
    code = """
        from django.db import transaction
        from django.utils.decorators import method_decorator
        from django.views import View
        from shop.models import Order
        from shop.tasks import invoice

        @method_decorator(transaction.atomic, name="dispatch")
        class Whole(View):
            def post(self, request):
                invoice.delay(Order.objects.create().pk)  # <- ACG109

        @method_decorator(transaction.atomic, name="post")
        class One(View):
            def post(self, request):
                invoice.delay(Order.objects.create().pk)  # <- ACG109

            def get(self, request):
                invoice.delay(Order.objects.create().pk)

        class Atomic:
            @transaction.atomic
            def dispatch(self, *args, **kwargs):
                return super().dispatch(*args, **kwargs)

        class Mixed(Atomic, View):
            def post(self, request):
                invoice.delay(Order.objects.create().pk)  # <- ACG109

            def get(self, request):
                invoice.delay(1)

        class Asking(View):
            is_atomic = True

            def dispatch(self, request):
                if self.is_atomic:
                    with transaction.atomic():
                        Order.objects.create()
                        return self.handle_form(request)
                return self.handle_form(request)

            def handle_form(self, request):
                raise NotImplementedError

        class Careful(Asking):
            is_atomic = False

            def handle_form(self, request):
                invoice.delay(1)
    """
    planted("ACG109", {**SHOP, "shop/views.py": code})


def test_a_branch_that_writes_nothing(planted: Planted) -> None:
    code = """
        from django.db import transaction
        from shop.models import Order
        from shop.tasks import invoice, ship

        @transaction.atomic
        def pay(pk=None):
            if pk is None:
                for order in Order.objects.all()[:9]:
                    invoice.delay(order.pk)
                return
            Order.objects.filter(pk=pk).update(paid=True)
            if pk:
                ship.delay(pk)  # <- ACG109
                return

        @transaction.atomic
        def both(pk):
            if pk:
                Order.objects.filter(pk=pk).delete()
                invoice.delay(pk)  # <- ACG109
                return
            if not pk:
                invoice.delay(pk)  # <- ACG109
            Order.objects.create()
    """
    planted("ACG109", {**SHOP, "shop/code.py": code})


def test_services_that_a_type_or_a_constructor_names(planted: Planted) -> None:
    services = """
        from shop.tasks import invoice

        class Orders:
            def __init__(self, session):
                self.session = session

            def add(self, order):
                self.session.add(order)

        class Service:
            def __init__(self, session):
                self.orders = Orders(session)
                self.told = None

            def create(self, order):
                self.orders.add(order)

            def tell(self, order):
                invoice.delay(order.pk)  # <- ACG109

        class Teller:
            def tell(self, order):
                invoice.delay(order.pk)
    """
    code = """
        from typing import Annotated, Optional
        from fastapi import Depends
        from shop.services import Service, Teller
        from shop.tasks import ship

        def own(session, order):
            service = Service(session)
            service.create(order)
            ship.delay(order.pk)  # <- ACG109
            session.commit()

        def given(service: Annotated[Service, Depends(Service)], order, session):
            service.create(order)
            service.tell(order)
            session.commit()

        def optional(teller: Optional[Teller], other: Teller | None, order, session):
            teller.tell(order)
            session.add(order)
            session.commit()
            other.tell(order)

        def deleted(session, order):
            session.delete(order)
            ship.delay(order.pk)  # <- ACG109
            session.commit()
            ship.delay(order.pk)
    """
    planted("ACG109", {**SHOP, "shop/services.py": services, "shop/code.py": code})


def test_tasks_of_modules_that_are_not_there(planted: Planted) -> None:
    planted(
        "ACG112",
        {
            "shop/views.py": """
                from shop.celery import recognise
                from .mail import send
                from other.library import Delay, wait

                def view(request):
                    recognise.delay(request.POST)  # <- ACG112
                    send.delay(request.POST)  # <- ACG112
                    wait.delay(request.POST)
                    Delay.delay(request.POST)
                    return "done"
            """
        },
    )
