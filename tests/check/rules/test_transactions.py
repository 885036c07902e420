from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

TASKS = """
    from celery import Task, shared_task
    from django.db import transaction

    class AfterCommit(Task):
        def apply_async(self, *args, **kwargs):
            transaction.on_commit(lambda: super().apply_async(*args, **kwargs))

    @shared_task
    def invoice(pk): ...

    @shared_task(base=AfterCommit)
    def careful(pk): ...
"""


def test_django(planted: Planted) -> None:
    code = """
        from contextlib import contextmanager
        from functools import partial, wraps
        from django.db import transaction
        from django.db.transaction import atomic as in_one
        from shop.tasks import careful, invoice

        @contextmanager
        def own():
            with transaction.atomic():
                yield

        def wrapped(function):
            @wraps(function)
            def inner(*args, **kwargs):
                with transaction.atomic():
                    return function(*args, **kwargs)
            return inner

        def block(pk, order):
            with transaction.atomic():
                order.save()
                invoice.delay(pk)  # <- ACG109
                if pk:
                    invoice.apply_async((pk,))  # <- ACG109

        @in_one
        def decorated(pk, order):
            invoice.delay(pk)  # <- ACG109
            order.save()

        @transaction.atomic(using="other")
        def decorated_call(pk, order):
            order.pay()
            invoice.s(pk).delay()  # <- ACG109

        def own_block(pk, order):
            with own():
                order.lines.add(pk)
                invoice.delay(pk)  # <- ACG109

        @wrapped
        def own_decorator(pk, order):
            order.save()
            invoice.delay(pk)  # <- ACG109

        def fine(pk, cart):
            with transaction.atomic():
                transaction.on_commit(lambda: invoice.delay(pk))
                transaction.on_commit(partial(invoice.delay, pk))
                invoice.delay_on_commit(pk)
                careful.delay(pk)
                cart.delay(pk)
                invoice.apply_async((pk,), countdown=60)
                invoice.apply_async((pk,), eta=tomorrow())

                def later():
                    invoice.delay(pk)

                transaction.on_commit(later)
                cart.save()
                signature = invoice.s(pk)
            invoice.delay(pk)
            signature.delay()

        @transaction.atomic
        def on_commit_decorator(pk):
            @transaction.on_commit
            def send():
                invoice.delay(pk)
    """
    planted("ACG109", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/orders.py": code})


SETTINGS = """
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": True}}
"""
VIEWS = """
    from django.contrib.auth.decorators import login_required
    from django.db import transaction
    from django.http import HttpResponse
    from django.views import View
    from rest_framework.viewsets import ModelViewSet
    from shop.models import Order
    from shop.tasks import careful, invoice

    def pay(request, pk):
        order = Order.objects.get(pk=pk)
        order.save()
        invoice.delay(order.pk)  # <- ACG109
        return HttpResponse()

    @login_required
    def create(request, form):
        if form.is_valid():
            invoice.delay(form.save().pk)  # <- ACG109
        return HttpResponse()

    class Pay(View):
        def post(self, request, pk):
            Order.objects.filter(pk=pk).update(paid=True)
            if request.user:
                invoice.delay(pk)  # <- ACG109
            return HttpResponse()

    class Orders(ModelViewSet):
        def perform_create(self, serializer):
            with open("log") as file:
                order = serializer.save()
            invoice.apply_async((order.pk,))  # <- ACG109
"""
NOT_IN_A_REQUEST = """
    from functools import partial
    from django.db import transaction
    from django.http import HttpResponse
    from django.views import View
    from shop.models import Order
    from shop.tasks import careful, invoice

    def writes_nothing(request, pk):
        invoice.delay(pk)
        return HttpResponse()

    def writes_elsewhere(request, pk, order, form, book):
        form.save(commit=False)
        book.save("orders.xlsx")
        request.session.update(pk=pk)
        if pk:
            order.save()
        else:
            invoice.delay(pk)
        transaction.on_commit(lambda: order.save())
        invoice.delay(pk)
        return HttpResponse()

    def after_the_commit(request, order):
        order.save()
        transaction.on_commit(partial(invoice.delay, order.pk))
        transaction.on_commit(lambda: invoice.delay(order.pk))
        invoice.delay_on_commit(order.pk)
        careful.delay(order.pk)
        return HttpResponse()

    async def runs_in_none(request, order):
        order.save()
        invoice.delay(order.pk)
        return HttpResponse()

    @transaction.non_atomic_requests
    def exempt(request, order):
        order.save()
        invoice.delay(order.pk)
        return HttpResponse()

    def exempt_in_its_url(request, order):
        order.save()
        invoice.delay(order.pk)
        return HttpResponse()

    def middleware(get_response):
        def around(request):
            Order.objects.create()
            invoice.delay(1)
            return get_response(request)
        return around

    def no_view(order):
        order.save()
        invoice.delay(order.pk)

    class Cart:
        def post(self, request):
            self.save()
            invoice.delay(1)
"""
MODELS = """
    from django.db import models

    class Order(models.Model):
        pass
"""
SHOP = {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/models.py": MODELS}


@pytest.mark.parametrize(
    "settings", [SETTINGS, 'DATABASES = {}\nDATABASES["default"]["ATOMIC_REQUESTS"] = True\n'], ids=["dict", "item"]
)
def test_requests_that_are_transactions(planted: Planted, settings: str) -> None:
    urls = "exempt = transaction.non_atomic_requests(views.exempt_in_its_url)\n"
    files = {"shop/settings.py": settings, "shop/views.py": VIEWS, "shop/other.py": NOT_IN_A_REQUEST}
    planted("ACG109", {**SHOP, **files, "shop/urls.py": urls})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"shop/settings.py": SETTINGS.replace("True", "False")},
        {"shop/settings.py": SETTINGS.replace("True", 'env.bool("ATOMIC")')},
        {"shop/settings.py": SETTINGS.replace('"default"', '"other"')},
        {"shop/settings/prod.py": SETTINGS, "shop/settings/dev.py": SETTINGS.replace("True", "False")},
        {"shop/settings.py": SETTINGS.replace("DATABASES", "EXAMPLE")},
        {"tests/settings.py": SETTINGS},
    ],
)
def test_requests_that_are_none(planted: Planted, settings: dict[str, str]) -> None:
    planted("ACG109", {**SHOP, **settings, "shop/views.py": VIEWS.replace("  # <- ACG109", "")})


def test_the_admin_has_a_transaction_of_its_own(planted: Planted) -> None:
    code = """\
        from django.contrib import admin
        from shop.tasks import invoice

        class OrderAdmin(admin.ModelAdmin):
            def save_model(self, request, obj, form, change):
                super().save_model(request, obj, form, change)
                invoice.delay(obj.pk)  # <- ACG109

            def delete_model(self, request, obj):
                invoice.delay(obj.pk)
                super().delete_model(request, obj)

            def send_again(self, request, queryset):
                queryset[0].save()
                invoice.delay(queryset[0].pk)

            def response_change(self, request, obj):
                invoice.delay(obj.pk)  # <- ACG109

        class Unlike:
            def save_model(self, obj):
                obj.save()
                invoice.delay(obj.pk)

        class NestedAdmin(NestedModelAdmin):
            def response_add(self, request, obj):
                invoice.delay(obj.pk)  # <- ACG109

            def get_queryset(self, request):
                invoice.delay(1)
    """
    imported = "        from nested_admin import NestedModelAdmin\n"
    planted("ACG109", {**SHOP, "shop/admin.py": imported + code})


def test_sqlalchemy(planted: Planted) -> None:
    code = """
        from sqlalchemy.orm import Session
        from shop.tasks import invoice

        def send(engine, pk):
            with Session(engine) as session, session.begin():
                invoice.delay(pk)  # <- ACG109
            with Session(engine) as session:
                session.commit()
                invoice.delay(pk)
            with session.begin():
                session.commit()
                invoice.delay(pk)

        def before_commit(session, row):
            session.add(row)
            session.flush()
            invoice.delay(row.pk)  # <- ACG109
            session.commit()

        def after_commit(session, row):
            session.add(row)
            session.commit()
            invoice.delay(row.pk)
            session.commit()
    """
    planted("ACG109", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/orders.py": code})


def test_functions_that_publish_and_are_called_in_a_transaction(planted: Planted) -> None:
    sending = """
        from functools import partial
        from django.db import connection, transaction
        from shop.tasks import invoice

        def send(pk):
            invoice.delay(pk)  # <- ACG109

        class Sender:
            def save(self):
                with transaction.atomic():
                    super().save()
                    self.send()

            def send(self):
                invoice.delay(3)  # <- ACG109

        def send_on_commit(pk):
            transaction.on_commit(lambda: invoice.delay(pk))

        def send_when_it_is_safe(pk):
            if not connection.in_atomic_block:
                invoice.delay(pk)

        def committed(pk):
            transaction.commit()
            invoice.delay(pk)

        @decorated
        def put_off(pk):
            invoice.delay(pk)

        def lazily(pk):
            yield invoice.delay(pk)

        def after(pk):
            invoice.delay(pk)

        def later(pk):
            invoice.delay(pk)

        def by_hand(pk):
            invoice.apply_async((pk,), countdown=60)
    """
    orders = """
        from django.db import transaction
        from shop import sending

        def save(pk):
            with transaction.atomic():
                pk.order.save()
                sending.send(pk)
                sending.send_on_commit(pk)
                sending.send_when_it_is_safe(pk)
                sending.committed(pk)
                sending.put_off(pk)
                sending.lazily(pk)
                sending.by_hand(pk)
                transaction.on_commit(lambda: sending.later(pk))
            sending.after(pk)
    """
    files = {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/sending.py": sending, "shop/orders.py": orders}
    planted("ACG109", files)


def test_functions_that_write_before_a_request_publishes(planted: Planted) -> None:
    views = """
        from django.http import HttpResponse
        from shop.tasks import invoice

        def store(order):
            order.clean()
            order.save()

        def look(order):
            if order.pk:
                return order
            order.save()

        def send(order):
            invoice.delay(order.pk)  # <- ACG109

        def stores(request, order):
            store(order)
            invoice.delay(order.pk)  # <- ACG109
            return HttpResponse()

        def looks(request, order):
            look(order)
            invoice.delay(order.pk)
            return HttpResponse()

        def sends(request, order):
            order.save()
            send(order)
            return HttpResponse()
    """
    planted("ACG109", {**SHOP, "shop/settings.py": SETTINGS, "shop/views.py": views})


def test_one_method_that_is_no_transaction(planted: Planted) -> None:
    views = """
        from django.db import transaction
        from django.http import HttpResponse
        from django.utils.decorators import method_decorator
        from django.views import View
        from shop.tasks import invoice

        class OneMethod(View):
            @transaction.non_atomic_requests
            def post(self, request, order):
                order.save()
                invoice.delay(order.pk)
                return HttpResponse()

            @method_decorator(transaction.non_atomic_requests)
            def delete(self, request, order):
                order.save()
                invoice.delay(order.pk)
                return HttpResponse()

            def put(self, request, order):
                order.save()
                invoice.delay(order.pk)  # <- ACG109
                return HttpResponse()

        class All(View):
            @method_decorator(transaction.non_atomic_requests)
            def dispatch(self, *args):
                return super().dispatch(*args)

            def put(self, request, order):
                order.save()
                invoice.delay(order.pk)
                return HttpResponse()
    """
    planted("ACG109", {**SHOP, "shop/settings.py": SETTINGS, "shop/views.py": views})


def test_a_delay_that_is_collected_in_a_dict(planted: Planted) -> None:
    code = """
        from django.db import transaction
        from shop.tasks import invoice

        def later(pk):
            options = {"queue": "x"}
            options["countdown"] = 60
            with transaction.atomic():
                pk.save()
                invoice.apply_async((pk,), **options)

        def now(pk):
            options = {"queue": "x"}
            with transaction.atomic():
                pk.save()
                invoice.apply_async((pk,), **options)  # <- ACG109
    """
    planted("ACG109", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/orders.py": code})


def test_transactions_that_only_read(planted: Planted) -> None:
    code = """
        import logging
        from django.db import transaction
        from django.utils import timezone
        from shop.models import Order
        from shop.tasks import invoice

        logger = logging.getLogger(__name__)

        class NotPaid(Exception): ...

        def due(pk):
            return Order.objects.filter(pk=pk, due__lt=timezone.now()).exists()

        def settle(order):
            order.paid = True
            order.save()

        def locks(pk):
            with transaction.atomic():
                order = Order.objects.select_for_update().get(pk=pk)
                if not due(pk):
                    raise NotPaid(order.number())
                logger.info("sends %s", str(pk))
                invoice.delay(order.pk)

        @transaction.atomic
        def looks(pk):
            for order in Order.objects.values_list("pk", flat=True):
                invoice.delay(order)

        def sends(pk):
            invoice.delay(pk)

        def reads_and_sends(pk):
            with transaction.atomic():
                sends(Order.objects.first().pk)

        def writes_around(pk):
            with transaction.atomic():
                settle(Order.objects.get(pk=pk))
                with transaction.atomic():
                    invoice.delay(Order.objects.get(pk=pk).pk)  # <- ACG109

        def writes_afterwards(pk):
            with transaction.atomic():
                order = Order.objects.select_for_update().get(pk=pk)
                invoice.delay(order.pk)  # <- ACG109
                settle(order)

        def does_what_none_can_see(pk, order):
            with transaction.atomic():
                invoice.delay(order.pk)  # <- ACG109
                order.advance()
    """
    planted("ACG109", {**SHOP, "shop/orders.py": code})


def test_a_form_of_a_row_that_is_saved_in_the_request(planted: Planted) -> None:
    view = """
        from django.views.generic import {base}
        from shop.tasks import notify

        class Orders({base}):
            def form_valid(self, form):
                answer = super().form_valid(form)
                notify.delay(form.instance.pk){mark}
                return answer
    """
    settings = {"shop/settings.py": SETTINGS}
    planted("ACG109", SHOP | settings | {"shop/views.py": view.format(base="CreateView", mark="  # <- ACG109")})
    planted("ACG109", SHOP | settings | {"shop/views.py": view.format(base="FormView", mark="")})


def test_a_class_of_task_that_runs_in_a_transaction(planted: Planted) -> None:
    tasks = """
        from celery import Task, shared_task
        from django.db import transaction
        from shop.models import Order

        class Atomic(Task):
            def __call__(self, *args, **kwargs):
                with {around}:
                    return super().__call__(*args, **kwargs)

        @shared_task
        def notify(key): ...

        @shared_task(base=Atomic)
        def bill(key):
            order = Order.objects.create()
            notify.delay(order.pk){mark}
    """
    models = {"shop/__init__.py": "", "shop/models.py": MODELS}
    planted("ACG109", models | {"shop/tasks.py": tasks.format(around="transaction.atomic()", mark="  # <- ACG109")})
    planted("ACG109", models | {"shop/tasks.py": tasks.format(around="timer()", mark="")})
