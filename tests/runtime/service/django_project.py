"""A stock Django project with ATOMIC_REQUESTS, on the database of the service where that is SQL."""

import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import django
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from sqlalchemy import make_url

from runtime.producers import django_outbox
from runtime.producers.django import accepted, answering, arguments_of, key_of, told
from runtime.producers.django_outbox import publish
from runtime.settings import settings

from .tasks.effects import effect

__all__ = ["get", "post", "rows", "shares_database"]


def _database() -> dict[str, Any]:
    url = settings().idempotency_url
    if not url.startswith("postgresql"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(mkdtemp()) / "django.db")}
    parts = make_url(url)
    server = {"NAME": parts.database, "HOST": parts.host, "PORT": parts.port, "USER": parts.username}
    return {"ENGINE": "django.db.backends.postgresql", **server, "OPTIONS": dict(parts.query)}


django_settings.configure(
    ALLOWED_HOSTS=["testserver"],
    DATABASES={"default": {**_database(), "ATOMIC_REQUESTS": True}},
    ROOT_URLCONF=__name__,
    SECRET_KEY="tests",
)
django.setup()
client = Client(raise_request_exception=False)


def create_effect(request: HttpRequest) -> HttpResponse:
    """Leave a row and publish the task; fail before the commit, if the header says so."""
    arguments, key = arguments_of(request, effect), key_of(request)
    with transaction.atomic():
        connection.cursor().execute("INSERT INTO django_rows (name) VALUES (%s)", [arguments["name"]])
        task_id = publish(effect, arguments, key)
        if "Fails" in request.headers:
            raise ValueError("a defect")
    return accepted(f"/effects/{task_id}", task_id)


def create_in_the_request(request: HttpRequest) -> HttpResponse:
    """The same in a view of the project, which ATOMIC_REQUESTS makes one transaction."""
    task_id = publish(effect, arguments_of(request, effect), key_of(request))
    if "Fails" in request.headers:
        raise ValueError("a defect")
    return accepted(f"/effects/{task_id}", task_id)


def read_effect(request: HttpRequest, task_id: str) -> HttpResponse:
    """Tell its state."""
    return told(effect, task_id)


urlpatterns = [
    path("effects", answering(create_effect, "POST")),
    path("atomic", create_in_the_request),
    path("effects/<str:task_id>", answering(read_effect, "GET")),
]


def post(where: str, body: Any, headers: dict[str, str], content_type: str = "application/json") -> list[Any]:
    """Status, Location, Retry-After and body of the answer, and the seconds until it came."""
    began = time.monotonic()
    answer: Any = client.post(where, body, content_type=content_type, headers=headers)
    known = answer.json() if answer.headers["Content-Type"] == "application/json" else None
    return [answer.status_code, *map(answer.headers.get, ("Location", "Retry-After")), known, time.monotonic() - began]


def get(where: str) -> list[Any]:
    """Status and body of the answer."""
    answer: Any = client.get(where)
    return [answer.status_code, answer.json()]


def rows(name: str) -> int:
    """How many rows requests have left that were committed."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS django_rows (name TEXT)")
        cursor.execute("SELECT count(*) FROM django_rows WHERE name = %s", [name])
        count: int = cursor.fetchone()[0]
        return count


def shares_database() -> bool:
    """Whether the outbox is used."""
    return django_outbox.shares_database()
