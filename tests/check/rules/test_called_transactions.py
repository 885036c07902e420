"""ACG109 where the transaction is not opened in the function that publishes: signals, `save()`, sessions, callers."""

from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

TASKS = """
    from celery import shared_task

    @shared_task
    def invoice(pk): ...
"""
MODELS = """
    from django.db import models

    class Order(models.Model):
        pass

    class Note(models.Model):
        pass
"""
SHOP = {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/models.py": MODELS}
ATOMIC = 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": True}}\n'


def test_receivers_that_django_calls_in_its_own_transaction(planted: Planted) -> None:
    code = """
        from functools import partial
        from django.db import transaction
        from django.db.models import signals
        from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
        from django.dispatch import receiver
        from shop.models import Order
        from shop.tasks import invoice

        @receiver([post_delete, m2m_changed], sender=Order)
        def gone(sender, instance, **kwargs):
            invoice.delay(instance.pk)  # <- ACG109

        @receiver(pre_save, sender=Order)
        def not_there_yet(sender, instance, **kwargs):
            invoice.delay(instance.pk)  # <- ACG109

        def connected(sender, instance, **kwargs):
            invoice.delay(instance.pk)  # <- ACG109

        def removed(sender, instance, **kwargs):
            tell(instance.pk)

        def tell(pk):
            invoice.delay(pk)  # <- ACG109

        signals.m2m_changed.connect(removed, sender=Order.notes.through)

        @receiver(post_delete, sender=Order)
        def after_the_commit(sender, instance, **kwargs):
            transaction.on_commit(partial(invoice.delay, instance.pk))
            transaction.on_commit(lambda: invoice.delay(instance.pk))
            invoice.delay_on_commit(instance.pk)

        @receiver(post_save, sender=Order)
        def in_nobody_s_transaction(sender, instance, **kwargs):
            invoice.delay(instance.pk)

        def not_connected(sender, instance, **kwargs):
            invoice.delay(instance.pk)
    """
    apps = """
        from django.apps import AppConfig

        class ShopConfig(AppConfig):
            def ready(self):
                from django.db.models.signals import post_delete
                from shop import events
                post_delete.connect(events.connected)
    """
    planted("ACG109", {**SHOP, "shop/events.py": code, "shop/apps.py": apps})


RECEIVER = """
    from django.db.models.signals import post_save
    from django.dispatch import receiver
    from shop.models import Order
    from shop.tasks import invoice

    @receiver(post_save, sender=Order)
    def saved(sender, instance, **kwargs):
        invoice.delay(instance.pk)  # <- ACG109
"""


@pytest.mark.parametrize(
    "files",
    [
        {"shop/settings.py": ATOMIC},
        {"shop/admin.py": "from django.contrib import admin\nfrom .models import Order\nadmin.site.register(Order)\n"},
        {
            "shop/admin.py": """
                from django.contrib import admin
                from shop import models

                @admin.register(models.Note, models.Order)
                class OrderAdmin(admin.ModelAdmin): ...
            """
        },
        {
            "shop/orders.py": """
                from django.db import transaction
                from shop.models import Order

                def pay(pk):
                    with transaction.atomic():
                        order = Order.objects.get(pk=pk)
                        order.save()
            """
        },
        {
            "shop/orders.py": """
                from django.db import transaction
                from shop.models import Order

                @transaction.atomic
                def open_order():
                    return Order.objects.create()
            """
        },
        {
            "shop/events.py": RECEIVER.replace("=Order)", '="shop.Order")'),
            "shop/admin.py": "from django.contrib.admin import site\nfrom .models import Order\nsite.register([Order])",
        },
        {
            "shop/imports.py": """
                # atomic by itself
                from shop.models import Order

                def take(pk):
                    return Order.objects.update_or_create(pk=pk)
            """
        },
    ],
)
def test_receivers_of_rows_that_are_saved_in_a_transaction(planted: Planted, files: dict[str, str]) -> None:
    planted("ACG109", {**SHOP, "shop/events.py": RECEIVER, **files})


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"shop/settings.py": ATOMIC.replace("True", "False")},
        {"shop/admin.py": "from django.contrib import admin\nfrom .models import Note\nadmin.site.register(Note)\n"},
        {
            "shop/orders.py": """
                from django.db import transaction
                from shop.models import Note, Order

                def pay(pk):
                    with transaction.atomic():
                        Note.objects.create()
                        Order.objects.select_for_update().get(pk=pk)
                    Order.objects.create()
                    Note.objects.get_or_create(pk=pk)
                    transaction.on_commit(lambda: Order.objects.create())
            """
        },
    ],
)
def test_receivers_of_rows_that_are_saved_in_none(planted: Planted, files: dict[str, str]) -> None:
    planted("ACG109", {**SHOP, "shop/events.py": RECEIVER.replace("  # <- ACG109", ""), **files})


@pytest.mark.parametrize("sender", ["User", "get_user_model()", "settings.AUTH_USER_MODEL"])
def test_receivers_of_users(planted: Planted, sender: str) -> None:
    """Django registers its own users in its admin; those of a project are in one where somebody registers them."""
    receiver = RECEIVER.replace("=Order", f"={sender}").replace(
        "from shop.models import Order",
        """from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import User""",
    )
    own = {"shop/settings.py": 'AUTH_USER_MODEL = "people.Person"\nCELERY_BROKER_URL = "redis://"\n'}
    admin = "from django.contrib import admin\nfrom django.contrib.auth import get_user_model\n"
    planted("ACG109", {**SHOP, "shop/events.py": receiver})
    quiet = receiver.replace("  # <- ACG109", "")
    planted("ACG109", {**SHOP, **own, "shop/events.py": quiet})
    planted("ACG109", {**SHOP, **own, "shop/events.py": quiet, "shop/admin.py": f"{admin}admin.site.register(Order)\n"})
    registered = f"{admin}admin.site.register(get_user_model())\n"
    planted("ACG109", {**SHOP, **own, "shop/events.py": receiver, "shop/admin.py": registered})


def test_a_method_of_plugins(planted: Planted) -> None:
    """Of which class the object is that a registry gives, none can see: any of those that share the method's base."""
    plugins = """
        from shop.tasks import invoice

        class Payment:
            def take_money(self, order):
                raise NotImplementedError

        class Card(Payment):
            def take_money(self, order):
                invoice.delay(order.pk)  # <- ACG109

        class Cash(Payment):
            def take_money(self, order):
                order.paid = True

        PAYMENTS = {"card": Card, "cash": Cash}

        class Visitor:
            def come_in(self, order):
                invoice.delay(order.pk)

        class Guest:
            def come_in(self, order):
                order.guest = True
    """
    orders = """
        from django.db import transaction
        from shop.plugins import PAYMENTS

        @transaction.atomic
        def pay(order, how, visitor):
            order.save()
            PAYMENTS[how]().take_money(order)
            visitor.come_in(order)
    """
    planted("ACG109", {**SHOP, "shop/plugins.py": plugins, "shop/orders.py": orders})


def test_receivers_that_ask_which_fields_are_saved(planted: Planted) -> None:
    code = """
        from django.contrib import admin
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from shop.models import Order
        from shop.tasks import invoice

        admin.site.register(Order)

        @receiver(post_save, sender=Order)
        def saved(sender, instance, created, update_fields, **kwargs):
            if created:
                invoice.delay(instance.pk)  # <- ACG109
            if "state" in (update_fields or ()):
                invoice.delay(instance.pk)
    """
    planted("ACG109", {**SHOP, "shop/events.py": code})


def test_save_of_a_model(planted: Planted) -> None:
    models = """
        from django.db import models, transaction
        from shop.tasks import invoice

        class Order(models.Model):
            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
                invoice.delay(self.pk)  # <- ACG109

        class Draft(models.Model):
            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
                invoice.delay(self.pk)

        class Early(models.Model):
            def save(self, *args, **kwargs):
                if self.pk:
                    invoice.delay(self.pk)  # <- ACG109
                super().save(*args, **kwargs)

        class Careful(models.Model):
            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
                transaction.on_commit(lambda: invoice.delay(self.pk))

            def send_again(self):
                invoice.delay(self.pk)  # <- ACG109
    """
    orders = """
        from django.db import transaction
        from shop.models import Careful, Order

        def pay(pk):
            with transaction.atomic():
                Order.objects.create(pk=pk)

        def again(pk):
            careful = Careful.objects.get(pk=pk)
            with transaction.atomic():
                careful.save()
                careful.send_again()
    """
    planted("ACG109", {**SHOP, "shop/models.py": models, "shop/orders.py": orders})


def test_rows_that_are_saved_after_the_publish(planted: Planted) -> None:
    code = """
        from shop.models import Order
        from shop.tasks import invoice

        def too_early(pk):
            order = Order.objects.get(pk=pk)
            order.state = "paid"
            invoice.delay(order.pk)  # <- ACG109
            order.save()

        def keeps_the_id(pk):
            order = Order.objects.get(pk=pk)
            order.state = "paid"
            order.save()
            order.task = invoice.delay(order.pk).id
            order.save()

        def another_row(order, note):
            note.state = "paid"
            invoice.delay(order.pk)
            note.save()

        def saved_elsewhere(order, store):
            order.state = "paid"
            store.put(order)
            invoice.delay(order.pk)
            order.save()

        def logged(order):
            order.state = "paid"
            entry = Log.objects.register(order, "paid")
            invoice.delay(order.pk, entry.pk)  # <- ACG109
            order.save()

        def with_a_new_row(order):
            order.state = "paid"
            Log.objects.create(order=order)
            invoice.delay(order.pk)  # <- ACG109
            order.save()

        def updated_at_once(order):
            order.state = "paid"
            Order.objects.filter(pk=order.pk).update(state="paid")
            invoice.delay(order.pk)
            order.save()

        def of_a_form(request, form):
            order = form.save(commit=False)
            order.owner = request.user
            Log.objects.create(order=order)
            invoice.delay(order.pk)  # <- ACG109
            return order

        def of_a_form_that_is_saved(request, form):
            order = form.save(commit=False)
            order.owner = request.user
            order.save()
            invoice.delay(order.pk)
            other = form.save(commit=True)
            invoice.delay(other.pk)

        def of_a_form_that_somebody_saves(request, form, store):
            order = form.save(commit=False)
            store.put(order)
            invoice.delay(order.pk)
            other = form.save(commit=False)
            form.save()
            invoice.delay(other.pk)

        def of_a_form_that_a_view_saves(view, form):
            order = form.save(commit=False)
            response = view.form_valid(form)
            invoice.delay(order.pk)
            return response

        def not_its_key(order):
            order.state = "paid"
            invoice.delay(order.state)
            order.save()

        def in_another_branch(order, late):
            order.state = "paid"
            if late:
                invoice.delay(order.pk)
            else:
                order.save()
    """
    planted("ACG109", {**SHOP, "shop/orders.py": code})


def test_signals_of_the_project(planted: Planted) -> None:
    code = """
        from django.db import transaction
        from django.dispatch import Signal, receiver
        from shop.tasks import invoice

        paid = Signal()
        shipped = Signal()

        @receiver(paid)
        def send(sender, order, **kwargs):
            invoice.delay(order)  # <- ACG109

        @receiver(shipped)
        def send_later(sender, order, **kwargs):
            invoice.delay(order)

        def pay(order):
            with transaction.atomic():
                order.save()
                paid.send(sender=None, order=order)
            shipped.send_robust(sender=None, order=order)
    """
    planted("ACG109", {**SHOP, "shop/orders.py": code})


def test_services_that_are_called_through_others(planted: Planted) -> None:
    services = """
        from shop.tasks import invoice

        class OrderService:
            def place_order(self, pk):
                self.tell_all(pk)

            def tell_all(self, pk):
                invoice.delay(pk)  # <- ACG109

            def cancel_order(self, pk):
                invoice.delay(pk)

        def notify(pk):
            invoice.delay(pk)  # <- ACG109
    """
    steps = """
        from shop.services import notify

        def finish(pk):
            notify(pk)
    """
    views = """
        from django.db import transaction
        from shop import steps
        from shop.services import OrderService

        class Checkout:
            def __init__(self, service: OrderService):
                self.service = service

            def post(self, pk):
                with transaction.atomic():
                    pk.save()
                    self.service.place_order(pk)
                    steps.finish(pk)
                self.service.cancel_order(pk)
    """
    files = {"shop/services.py": services, "shop/steps.py": steps + "    # commit()\n", "shop/views.py": views}
    planted("ACG109", {**SHOP, **files})


def test_what_a_view_s_service_writes(planted: Planted) -> None:
    services = """
        from shop.models import Order
        from shop.tasks import invoice

        def place_order():
            order = Order.objects.create()
            invoice.delay(order.pk)  # <- ACG109

        def look_at_order(pk):
            invoice.delay(Order.objects.get(pk=pk).pk)
    """
    views = """
        from django.http import HttpResponse
        from django.utils.decorators import method_decorator
        from django.db import transaction
        from django.views import View
        from shop.services import look_at_order, place_order
        from shop.tasks import invoice

        def place(request):
            place_order()
            return HttpResponse()

        def look(request, pk):
            look_at_order(pk)
            return HttpResponse()
    """
    planted("ACG109", {**SHOP, "shop/services.py": services, "shop/views.py": views, "shop/settings.py": ATOMIC})


def test_sessions_that_are_committed_later(planted: Planted) -> None:
    code = """
        from contextlib import asynccontextmanager, contextmanager
        from fastapi import Depends
        from sqlalchemy import event, select, update
        from tortoise.transactions import in_transaction
        from storage import find_order, insert_order
        from sqlalchemy.orm import Session
        from shop.tasks import invoice

        async def get_db():
            async with factory() as session:
                yield session
                await session.commit()

        @contextmanager
        def scope():
            session = Session()
            try:
                yield session
                session.commit()
            finally:
                session.close()

        class UnitOfWork:
            async def __aenter__(self): ...

            async def __aexit__(self, *args):
                await self.session.commit()

        async def endpoint(db: Session = Depends(get_db)):
            order = Order()
            db.add(order)
            await db.flush()
            invoice.delay(order.id)  # <- ACG109
            return order

        async def of_others(order, db: Session = Depends(get_db)):
            connection = await db.connection()
            await insert_order(connection, order)
            invoice.delay(order.id)  # <- ACG109

        async def of_others_that_read(order, db: Session = Depends(get_db)):
            connection = await db.connection()
            await find_order(connection, order)
            await insert_order(order)
            invoice.delay(order.id)

        @event.listens_for(Order, "after_insert")
        def inserted(mapper, connection, target):
            invoice.delay(target.id)  # <- ACG109

        @event.listens_for(Session, "after_commit")
        def committed(session):
            invoice.delay(session.info["order"])

        async def store(db, order):
            db.add(order)
            await db.flush()

        async def store_and_commit(db, order):
            db.add(order)
            await db.commit()

        async def calls_what_writes(order, db: Session = Depends(get_db)):
            await store(db, order)
            if order.paid:
                invoice.delay(order.id)  # <- ACG109

        async def calls_what_commits(order, db: Session = Depends(get_db)):
            await store_and_commit(db, order)
            invoice.delay(order.id)
            await store(db, order)
            await db.commit()
            invoice.delay(order.id)

        class Orders:
            def pay(self, pk):
                self.session.execute(update(Order).where(Order.id == pk).values(paid=True))
                invoice.delay(pk)  # <- ACG109

            def look(self, pk):
                self.session.execute(select(Order).where(Order.id == pk))
                invoice.delay(pk)

            def pay_and_commit(self, pk):
                order = self.session.get(Order, pk)
                order.paid = True
                if pk:
                    invoice.delay(order.id)  # <- ACG109
                self.session.commit()

            async def notify(self, order):
                invoice.delay(order.id)  # <- ACG109

            async def place(self, order):
                self.session.add(order)
                await self.notify(order)

        def in_scope(order):
            with scope() as session:
                session.merge(order)
                invoice.delay(order.id)  # <- ACG109
            with scope() as session:
                session.add(order)
            invoice.delay(order.id)
            with scope() as session:
                for row in session.query(Order):
                    invoice.delay(row.id)

        async def in_unit(order):
            async with UnitOfWork() as unit:
                unit.orders.add(order)
                invoice.delay(order.id)  # <- ACG109

        async def in_other_libraries(database, order, db, log):
            async with database.transaction():
                invoice.delay(order.id)  # <- ACG109
            with db.atomic():
                invoice.delay(order.id)  # <- ACG109
            async with in_transaction():
                invoice.delay(order.id)  # <- ACG109
            with log.transaction():
                invoice.delay(order.id)

        def in_a_unit_of_its_own(uow, order):
            uow.orders.add(order)
            invoice.delay(order.id)  # <- ACG109
            uow.commit()
            invoice.delay(order.id)

        def savepoint(session, order):
            with session.begin_nested():
                session.add(order)
                invoice.delay(order.id)  # <- ACG109

        def is_none(request, seen, order, late):
            request.session.flush()
            seen.add(order)
            invoice.delay(order.id)

        def may_be_rolled_back(session, order):
            session.add(order)
            try:
                session.commit()
            except ValueError:
                session.rollback()
            invoice.delay(order.id)
    """
    planted("ACG109", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/orders.py": code})


ADMIN = {"shop/admin.py": "from django.contrib import admin\nadmin.site.register(Order)\n"}


@pytest.mark.parametrize(
    ("files", "sender", "test", "mark"),
    [
        ({"shop/settings.py": ATOMIC}, "", "created", "ACG109"),
        ({"shop/settings.py": ATOMIC}, ", sender=Address", "created", "ACG109"),
        (ADMIN, "", "created", "ACG109"),
        (ADMIN, "", "sender in X", ""),
        (
            ADMIN,
            ", sender=Address",
            "1",
            "",
        ),
        ({}, "", "created", ""),
    ],
)
def test_receivers_for_any_model_and_for_those_of_others(
    planted: Planted, files: dict[str, str], sender: str, test: str, mark: str
) -> None:
    receiver = f"""
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from addresses.models import Address
        from shop.tasks import notify

        @receiver(post_save{sender})
        def saved(sender, instance, created, **kwargs):
            if {test}:
                notify.delay(instance.pk){f"  # <- {mark}" if mark else ""}
    """
    planted("ACG109", SHOP | files | {"shop/receivers.py": receiver})


def test_a_row_that_is_got_or_created_where_nothing_else_speaks_of_transactions(planted: Planted) -> None:
    receiver = """
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from shop.models import Order
        from shop.tasks import notify

        @receiver(post_save, sender=Order)
        def saved(sender, instance, **kwargs):
            notify.delay(instance.pk)  # <- ACG109
    """
    view = "from shop.models import Order\n\ndef view(request):\n    return Order.objects.{method}(pk=1)\n"
    planted("ACG109", SHOP | {"shop/receivers.py": receiver, "shop/views.py": view.format(method="get_or_create")})
    receiver = receiver.replace("  # <- ACG109", "")
    planted("ACG109", SHOP | {"shop/receivers.py": receiver, "shop/views.py": view.format(method="create")})


def test_what_the_framework_calls_within_an_atomic_method(planted: Planted) -> None:
    view = """
        from django.db import transaction
        from rest_framework import viewsets
        from shop.tasks import notify

        class Orders(viewsets.ModelViewSet):
            {atomic}
            def create(self, request):
                return super().create(request)

            def perform_create(self, serializer):
                notify.delay(serializer.save().pk){mark}

            def perform_destroy(self, row):
                notify.delay(row.pk)
    """
    found = view.format(atomic="@transaction.atomic", mark="  # <- ACG109")
    planted("ACG109", SHOP | {"shop/views.py": found})
    planted("ACG109", SHOP | {"shop/views.py": view.format(atomic="", mark="")})


def test_a_method_that_a_base_calls_in_its_transaction(planted: Planted) -> None:
    base = """
        from django.db import transaction

        class Service:
            def execute(self, **data):
                with {around}:
                    return self.process(**data)

            def process(self, **data):
                raise NotImplementedError
    """
    orders = """
        from shop.base import Service
        from shop.models import Order
        from shop.tasks import notify

        class Place(Service):
            def process(self, **data):
                notify.delay(Order.objects.create(**data).pk){mark}

        class Other:
            def process(self, **data):
                notify.delay(Order.objects.create(**data).pk)
    """
    found = {"shop/base.py": base.format(around="transaction.atomic()")}
    planted("ACG109", SHOP | found | {"shop/orders.py": orders.format(mark="  # <- ACG109")})
    none = {"shop/base.py": base.format(around="timer()")}
    planted("ACG109", SHOP | none | {"shop/orders.py": orders.format(mark="")})
