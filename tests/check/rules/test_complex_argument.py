import textwrap
from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

MODELS = """
    from django.db import models

    class Base(models.Model):
        class Meta:
            abstract = True

    class Order(Base):
        def confirm(self):
            from shop.tasks import invoice
            invoice.delay(self)  # <- ACG102
            invoice.delay(self.pk)
"""
TASKS = """
    from celery import shared_task

    @shared_task
    def invoice(order, when=None):
        pass
"""


def test_objects_in_messages(planted: Planted) -> None:
    code = """
        import datetime
        import enum
        import socket
        from pathlib import Path
        from celery import Celery
        from django.contrib.auth import get_user_model
        from django.shortcuts import get_object_or_404
        from shop.models import Order
        from shop.tasks import invoice

        app = Celery("shop")

        class Colour(enum.Enum):
            RED = object()

        class Cart:
            def __init__(self, size):
                self.size = size

        def by_queries(pk):
            order = Order.objects.get(pk=pk)
            invoice.delay(order)  # <- ACG102
            invoice.apply_async((order,))  # <- ACG102
            invoice.apply_async(kwargs={"order": order})  # <- ACG102
            invoice.s(get_object_or_404(Order, pk=pk))  # <- ACG102
            invoice.delay(Order.objects.filter(paid=False))  # <- ACG102
            invoice.delay(get_user_model().objects.get(pk=pk))  # <- ACG102
            app.send_task("shop.tasks.invoice", args=[order])  # <- ACG102
            for each in Order.objects.all():
                invoice.delay(each)  # <- ACG102
            invoice.delay([o for o in Order.objects.all()])  # <- ACG102

        def by_the_last_assignment(params):
            owner = params.get("owner")
            owner = Order.objects.get(pk=owner)
            invoice.delay(owner)  # <- ACG102
            owner = owner.pk
            invoice.delay(owner)

        def by_annotation(order: Order):
            invoice.delay(order)  # <- ACG102

        def by_other_things(path):
            invoice.delay(open(path))  # <- ACG102
            invoice.delay(lambda: 3)  # <- ACG102
            invoice.delay({1, 2})  # <- ACG102
            invoice.delay(x for x in range(3))  # <- ACG102
            invoice.delay(Cart(3))  # <- ACG102
            invoice.delay(socket.socket())  # <- ACG102
            invoice.delay(Colour.RED)  # <- ACG102
            invoice.delay(Path(path))  # <- ACG102
            invoice.delay(datetime.timedelta(days=1))  # <- ACG102
            try:
                work()
            except ValueError as error:
                invoice.delay(error)  # <- ACG102

        def by_forms(form):
            invoice.delay(form.save())  # <- ACG102

        def view(request):
            invoice.delay(request)  # <- ACG102
            invoice.delay(request.user)  # <- ACG102
            invoice.delay(request.FILES["upload"])  # <- ACG102
    """
    planted(
        "ACG102",
        {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/tasks.py": TASKS, "shop/sends.py": code},
    )


def test_rows_that_views_the_admin_and_keys_lead_to(planted: Planted) -> None:
    models = """
        from django.db import models

        class Customer(models.Model):
            name = models.CharField(max_length=9)

        class Order(models.Model):
            customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    """
    code = """
        from django.contrib import admin
        from django.views.generic import CreateView, FormView, UpdateView
        from rest_framework.viewsets import ModelViewSet
        from shop.models import Customer, Order
        from shop.tasks import invoice

        class Create(CreateView):
            def form_valid(self, form):
                invoice.delay(self.object)  # <- ACG102
                invoice.delay(self.object.pk)

        class Named(UpdateView):
            def form_valid(self, form):
                self.object = form.cleaned_data["name"]
                invoice.delay(self.object)

        class Form(FormView):
            def form_valid(self, form):
                invoice.delay(self.object)

        class Orders(ModelViewSet):
            def send(self, request):
                order = self.get_object()
                invoice.delay(order)  # <- ACG102
                invoice.delay(order.status)

        class OrderAdmin(admin.ModelAdmin):
            def save_model(self, request, obj, form, change):
                invoice.delay(obj)  # <- ACG102
                invoice.delay(obj.pk)

            def send(self, request, queryset):
                invoice.delay(queryset)  # <- ACG102
                for order in queryset:
                    invoice.delay(order)  # <- ACG102
                    invoice.delay(order.pk)

        def keys(pk, order: Order | None, orders: list[Order], names: list[str]):
            invoice.delay(order)  # <- ACG102
            invoice.delay(orders)  # <- ACG102
            invoice.delay(names)
            invoice.delay(order.customer)  # <- ACG102
            invoice.delay(order.customer_id)
            invoice.delay(order.customer.name)
    """
    planted("ACG102", {"shop/__init__.py": "", "shop/models.py": models, "shop/tasks.py": TASKS, "shop/code.py": code})


def test_rows_of_sqlalchemy(planted: Planted) -> None:
    code = """
        from celery import shared_task
        from flask_sqlalchemy import SQLAlchemy
        from sqlalchemy.orm import DeclarativeBase

        db = SQLAlchemy()

        class Base(DeclarativeBase): ...

        class Order(Base):
            __tablename__ = "orders"

        class User(db.Model): ...

        @shared_task
        def invoice(order): ...

        def send(session, pk):
            invoice.delay(session.get(Order, pk))  # <- ACG102
            invoice.delay(session.query(Order).filter_by(pk=pk).one())  # <- ACG102
            user = User.query.get(pk)
            invoice.delay(user)  # <- ACG102
            invoice.delay(user.id)
            invoice.delay(session.get("pk"))
            invoice.delay(session.query(Order).count())
    """
    planted("ACG102", {"shop.py": code})


def test_plain_values(planted: Planted) -> None:
    code = """
        import datetime
        import enum
        import uuid
        from decimal import Decimal
        from django.utils import timezone
        from shop.models import Order
        from shop.tasks import invoice

        class Kind(str, enum.Enum):
            NEW = "new"

        class Debounced:
            def delay(self, order):
                pass

        def fine(pk, options, instance):
            order = Order.objects.get(pk=pk)
            invoice.delay(order.pk)
            invoice.delay(str(order))
            invoice.delay(list(Order.objects.values_list("pk", flat=True)[:10]))
            invoice.delay([o.pk for o in Order.objects.all()[:5]])
            invoice.delay(uuid.uuid4(), when=datetime.datetime.now())
            invoice.delay(Decimal("1.5"), when=timezone.now())
            invoice.delay(Kind.NEW)
            invoice.delay(Kind("new"))
            invoice.delay(options, instance)
            invoice.delay(Order.objects.count())
            invoice.delay(dict(a=1), when=[1, 2])
            Debounced().delay(order)
            maybe = None
            if pk:
                maybe = Order.objects.get(pk=pk).pk
            invoice.delay(maybe)

        def view(request):
            invoice.delay(request.user.pk, request.POST.get("note"))
    """
    models = MODELS.replace("invoice.delay(self)  # <- ACG102", "pass")
    planted(
        "ACG102",
        {"shop/__init__.py": "", "shop/models.py": models, "shop/tasks.py": TASKS, "shop/sends.py": code},
    )


def test_a_base_class_that_only_looks_at_the_arguments(planted: Planted) -> None:
    code = """
        from celery import Celery, Task

        class Guarded(Task):
            def apply_async(self, args=None, kwargs=None, **options):
                check(args, kwargs)
                return super().apply_async(args, kwargs, **options)

        app = Celery("shop", task_cls=Guarded)

        @app.task
        def show(thing):
            pass

        def send():
            show.delay(lambda: 3)  # <- ACG102
    """
    planted("ACG102", {"shop.py": code})


def test_a_base_class_that_converts(planted: Planted) -> None:
    code = """
        from celery import Celery, Task

        class Wrapping(Task):
            def apply_async(self, args=None, kwargs=None, **options):
                return super().apply_async([a.pk for a in args], kwargs, **options)

        app = Celery("shop", task_cls=Wrapping)

        class Thing:
            pk = 3

        @app.task
        def show(thing):
            pass

        def send():
            show.delay(Thing())
    """
    planted("ACG102", {"shop.py": code})


PICKLED = """
    import enum
    from celery import Celery
    from django.db import models

    class Colour(enum.Enum):
        RED = 1

    class Order(models.Model): ...

    @app.task
    def paint(what): ...

    def send(pk, path):
        paint.delay(Order.objects.get(pk=pk))  # <- ACG102
        paint.delay(open(path))  # <- ACG102
        paint.delay(lambda: pk)  # <- ACG102
        paint.delay({1, 2})
        paint.delay(Colour.RED)
"""


@pytest.mark.parametrize(
    "settings",
    [
        'app.conf.task_serializer = "pickle"\n',
        'app.config_from_envvar("CONFIG")\nCELERY_TASK_SERIALIZER = "pickle"\n',
    ],
)
def test_values_that_pickle_carries_whole(planted: Planted, settings: str) -> None:
    app = "from celery import Celery\napp = Celery('shop')\n"
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/app.py": app + settings,
            "shop/tasks.py": "from shop.app import app\n" + textwrap.dedent(PICKLED),
        },
    )


def test_values_that_json_has_no_word_for(planted: Planted) -> None:
    code = textwrap.dedent(PICKLED).replace("paint.delay({1, 2})", "paint.delay({1, 2})  # <- ACG102")
    code = code.replace("paint.delay(Colour.RED)", "paint.delay(Colour.RED)  # <- ACG102")
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": "from celery import shared_task\n" + code.replace("@app.task", "@shared_task"),
        },
    )


def test_mails(planted: Planted) -> None:
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": TASKS,
            "shop/backend.py": """
                from django.core.mail import EmailMultiAlternatives
                from django.core.mail.backends.base import BaseEmailBackend
                from shop.tasks import invoice

                class Backend(BaseEmailBackend):
                    def send_messages(self, messages):
                        for message in messages:
                            invoice.delay(message)  # <- ACG102
                            invoice.delay(message.subject, [to for to in message.to])

                class Queue:
                    def send_messages(self, messages):
                        invoice.delay(messages)

                def welcome(address):
                    mail = EmailMultiAlternatives("Hello", "text", None, [address])
                    invoice.delay(mail)  # <- ACG102
            """,
        },
    )


def test_arguments_that_are_annotated_with_a_class_of_the_project(planted: Planted) -> None:
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": TASKS,
            "shop/api.py": """
                from typing import TypedDict
                from fastapi import FastAPI
                from pydantic import BaseModel
                from shop.tasks import invoice

                app = FastAPI()

                class Item(BaseModel):
                    name: str

                class Plain(TypedDict):
                    name: str

                @app.post("/items")
                def create(item: Item, plain: Plain):
                    invoice.delay(item)  # <- ACG102
                    invoice.delay(item.model_dump(), item.name, plain)
            """,
        },
    )


def test_what_web_frameworks_hand_over(planted: Planted) -> None:
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": TASKS,
            "shop/flask_routes.py": """
                from flask import Flask, request
                from flask_login import current_user
                from shop.tasks import invoice

                app = Flask("shop")

                @app.route("/orders", methods=["POST"])
                def orders():
                    invoice.delay(current_user)  # <- ACG102
                    invoice.delay(request.files["order"])  # <- ACG102
                    invoice.delay(request.files.get("order"))  # <- ACG102
                    invoice.delay(current_user.id, request.files["order"].filename)
            """,
            "shop/api.py": """
                from fastapi import APIRouter, Depends, UploadFile
                from sqlalchemy.orm import Session
                from shop.tasks import invoice

                router = APIRouter()

                @router.post("/orders")
                def orders(file: UploadFile, db: Session = Depends(session), name: str = ""):
                    invoice.delay(file)  # <- ACG102
                    invoice.delay(1, db)  # <- ACG102
                    invoice.delay(file.filename, name)
            """,
        },
    )


def test_what_is_used_as_an_object(planted: Planted) -> None:
    planted(
        "ACG102",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": TASKS,
            "shop/users.py": """
                import stripe
                from fastapi import APIRouter, Depends
                from elsewhere import Signup, current_user, find
                from shop.tasks import invoice

                router = APIRouter()

                def token() -> dict: ...

                def current_active_user() -> dict: ...

                @router.get("/")
                def verify(user=Depends(current_user), other=Depends(current_active_user), key=Depends(token)):
                    invoice.delay(user)  # <- ACG102
                    invoice.delay(other, key)

                def register(signup: Signup):
                    invoice.delay(signup)  # <- ACG102
                    send(signup.email)

                def webhook(body):
                    event = stripe.Webhook.construct_event(body)
                    print(event.id)
                    invoice.delay(event)

                def either(user):
                    if isinstance(user, int):
                        invoice.delay(user)
                    else:
                        invoice.delay(user.id)

                def renamed(key):
                    row = find(key)
                    print(row.id, key.is_valid(), key.hour)
                    invoice.delay(key)
                    row = row.id
                    invoice.delay(row)
            """,
        },
    )


def test_a_list_that_is_spread(planted: Planted) -> None:
    code = """
        from django.apps import apps
        from shop.models import Order
        from shop.tasks import invoice

        def send(key, label, more):
            order = Order.objects.get(pk=key)
            model = apps.get_model(label)
            row = model.objects.get(pk=key)
            args = [order, "due"]  # <- ACG102
            invoice.delay(*args)
            others = [row, "due"] + more  # <- ACG102
            invoice.delay(*others)
            keys = [order.pk, row.pk]
            invoice.delay(*keys)
    """
    planted("ACG102", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/tasks.py": TASKS, "shop/send.py": code})
