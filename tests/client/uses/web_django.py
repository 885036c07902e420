"""`python web_django.py ORDERS`: a project of Django with a Celery application of its own; it publishes on commit."""

import sys
from typing import Any

import celery
import django
import shop_client as client
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path

mine = celery.Celery("mine", broker="memory://", set_as_current=True)


@celery.shared_task(name="mine.other")
def other() -> None:
    """A task of the project's own."""


def place(request: Any, order: str) -> Any:
    """In a transaction, as ATOMIC_REQUESTS has it."""
    transaction.on_commit(lambda: client.record_order.delay(order=order))
    other.delay()
    return HttpResponse(status=202)


urlpatterns = [path("orders/<str:order>", place)]

if __name__ == "__main__":
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "ATOMIC_REQUESTS": True}
    settings.configure(ROOT_URLCONF=__name__, DATABASES={"default": database}, ALLOWED_HOSTS=["*"], SECRET_KEY="x")
    django.setup()
    print([Client().post(f"/orders/{order}").status_code for order in sys.argv[1:]], celery.current_app.main)
