"""ACG110 and ACG114: times that have to fit into one another."""

from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

APP = """
    from celery import Celery
    app = Celery("shop", broker="{broker}")
    app.conf.update({settings})
"""
SENDS = """
    from datetime import datetime, timedelta, timezone
    from shop.app import app

    DAY = 24 * 60 * 60

    @app.task(bind=True, default_retry_delay=7200)  # <- ACG110
    def slow_retry(self):
        raise self.retry()

    @app.task(autoretry_for=(OSError,), retry_backoff=60, retry_backoff_max=DAY, max_retries=9)  # <- ACG110
    def long_backoff(): ...

    @app.task(autoretry_for=(OSError,), retry_kwargs={"countdown": 7200})  # <- ACG110
    def slow_countdown(): ...

    @app.task(autoretry_for=(OSError,), retry_backoff=True, retry_backoff_max=DAY)
    def few_retries(): ...

    @app.task(autoretry_for=(OSError,), retry_backoff=60, retry_backoff_max=600, max_retries=9)
    def low_backoff(): ...

    @app.task(autoretry_for=(OSError,), retry_backoff=60, default_retry_delay=7200)
    def backoff_instead(): ...

    @app.task(default_retry_delay=7200)
    def never_retried(): ...

    @app.task
    def remind(pk): ...

    def send(pk, when, timer, cache):
        remind.apply_async((pk,), countdown=DAY)  # <- ACG110
        remind.apply_async((pk,), eta=datetime.now(timezone.utc) + timedelta(hours=2))  # <- ACG110
        remind.s(pk).set(countdown=DAY).delay()  # <- ACG110
        (remind.si(pk).set(queue="slow", eta=datetime.now() + timedelta(days=1)) | remind.s()).delay()  # <- ACG110
        remind.signature((pk,), countdown=DAY).delay()  # <- ACG110
        later = remind.s(pk)
        later.set(countdown=DAY)  # <- ACG110
        remind.s(pk).set(countdown=60, priority=DAY).delay()
        timer.set(countdown=DAY)
        cache.set("reminded", countdown=DAY)
        remind.apply_async((pk,), countdown=60)
        remind.apply_async((pk,), eta=when)
        remind.apply_async((pk,), countdown=when)
        remind.apply_async((pk,), eta=datetime.now(timezone.utc) + timedelta(minutes=5))
"""


@pytest.mark.parametrize("broker", ["redis://b/0", "sqs://"])
def test_beyond_the_default_timeout(planted: Planted, broker: str) -> None:
    app = APP.format(broker=broker, settings="")
    planted("ACG110", {"shop/__init__.py": "", "shop/app.py": app, "shop/sends.py": SENDS})


def test_options_of_a_dict_as_the_last_one_leaves_them(planted: Planted) -> None:
    app = APP.format(broker="redis://b/0", settings="")
    code = """
        from shop.app import app
        from shop.options import LATER, SOON

        RETRIED = {"default_retry_delay": 60, "max_retries": 1}
        HOURS = {"default_retry_delay": 7200}  # <- ACG110

        @app.task(autoretry_for=(OSError,), **{**RETRIED, "default_retry_delay": 7200})  # <- ACG110
        def overridden(): ...

        @app.task(autoretry_for=(OSError,), **{**RETRIED, **HOURS})
        def merged(): ...

        @app.task(autoretry_for=(OSError,), **{**HOURS, **RETRIED})
        def merged_the_other_way(): ...

        @app.task(autoretry_for=(OSError,), **dict(HOURS, default_retry_delay=60))
        def called(): ...

        @app.task(autoretry_for=(OSError,), **HOURS | RETRIED)
        def united(): ...

        LONG = {"countdown": 7200}  # <- ACG110
        SHORT = {"countdown": 60}

        def send(late):
            overridden.apply_async(**{**LONG, **SHORT})
            overridden.apply_async(**{**SHORT, **LONG})
            options = {"countdown": 7200}
            options["countdown"] = 60
            overridden.apply_async(**options)
            options["countdown"] = 7200
            held = {"countdown": 60}
            if late:
                held.update(countdown=7200)  # <- ACG110
            overridden.apply_async(**held)
            first = dict(SHORT)
            first.setdefault("countdown", 7200)
            overridden.apply_async(**first)
            overridden.apply_async(**LATER, **SOON)
    """
    options = "LATER = {'countdown': 7200}\nSOON = {'priority': 9}\n"
    planted("ACG110", {"shop/__init__.py": "", "shop/app.py": app, "shop/options.py": options, "shop/sends.py": code})


def test_delays_that_are_computed(planted: Planted) -> None:
    app = APP.format(broker="redis://b/0", settings="")
    code = """
        import random
        from datetime import date, datetime, time, timedelta
        from django.conf import settings
        from django.utils import timezone
        from shop.app import app

        HOUR = 3600

        def backoff(retries):
            return min(60 * 2**retries, 24 * HOUR)

        @app.task(bind=True, max_retries=10)
        def often(self, pk, expires_in, days, hours, share, when, user):
            delay = 2**self.request.retries * 60
            self.retry(countdown=delay)  # <- ACG110
            self.retry(countdown=backoff(self.request.retries))  # <- ACG110
            self.retry(countdown=60 * self.request.retries)
            self.retry(countdown=min(delay, 600))
            self.retry(countdown=delay, max_retries=3)
            self.retry(eta=timezone.now() + timedelta(hours=self.request.retries))  # <- ACG110
            often.apply_async((pk,), countdown=expires_in + 3600)  # <- ACG110
            often.apply_async((pk,), countdown=max(3600, expires_in))  # <- ACG110
            often.apply_async((pk,), countdown=days * 86400)  # <- ACG110
            often.apply_async((pk,), countdown=timedelta(days=days).total_seconds())  # <- ACG110
            often.apply_async((pk,), countdown=settings.REMIND_AFTER)  # <- ACG110
            often.apply_async((pk,), countdown=60 if pk else 2 * HOUR)  # <- ACG110
            often.apply_async((pk,), countdown=random.randint(3600, 7200))  # <- ACG110
            often.apply_async((pk,), eta=timezone.now() + timedelta(days=user.days))  # <- ACG110
            often.apply_async((pk,), eta=timezone.now() + 3 * timedelta(hours=hours))  # <- ACG110
            morning = timezone.now().replace(hour=9, minute=0) + timedelta(days=1)
            often.apply_async((pk,), eta=morning)  # <- ACG110
            often.apply_async((pk,), eta=datetime.combine(date.today() + timedelta(days=2), time(8)))  # <- ACG110
            often.apply_async((pk,), countdown=(morning - timezone.now()).total_seconds())  # <- ACG110
            often.apply_async((pk,), countdown=expires_in)
            often.apply_async((pk,), countdown=expires_in + 600)
            often.apply_async((pk,), countdown=expires_in - 600)
            often.apply_async((pk,), countdown=7200 - expires_in)
            often.apply_async((pk,), countdown=min(expires_in, 300))
            often.apply_async((pk,), countdown=share * 7200 if share else random.random() * 7200)
            often.apply_async((pk,), countdown=random.random() * 7200)
            often.apply_async((pk,), countdown=random.randint(1, 7200))
            often.apply_async((pk,), countdown=max(60, expires_in))
            often.apply_async((pk,), eta=timezone.now() + timedelta(seconds=expires_in))
            often.apply_async((pk,), eta=when + timedelta(days=1))
            often.apply_async((pk,), eta=user.created + timedelta(days=days))
            midnight = timezone.now().replace(hour=0, minute=0) + timedelta(days=1)
            often.apply_async((pk,), eta=midnight)

        @app.task(bind=True)
        def seldom(self, pk):
            self.retry(countdown=2**self.request.retries * 60)
            self.retry(countdown=60 * 60 * (self.request.retries + 1))  # <- ACG110
            self.retry(countdown=2**self.request.retries * 60, max_retries=20)  # <- ACG110

        @app.task(bind=True, max_retries=None)
        def endless(self, pk):
            self.retry(countdown=60 * self.request.retries)  # <- ACG110
            self.retry(countdown=min(60 * self.request.retries, 900))

        @app.task(bind=True, max_retries=20)
        def counts(self, pk):
            if self.request.retries > 3:
                return
            self.retry(countdown=2**self.request.retries * 60)

        @app.task(bind=True, **OPTIONS)
        def nobody_knows(self, pk):
            self.retry(countdown=2**self.request.retries * 60)
    """
    settings = "CELERY_TIMEZONE = 'UTC'\nREMIND_AFTER = 3 * 60 * 60\n"
    planted("ACG110", {"shop/__init__.py": "", "shop/app.py": app, "shop/settings.py": settings, "shop/sends.py": code})


@pytest.mark.parametrize(
    ("broker", "settings"),
    [
        ("amqp://b//", ""),
        ("sqs://", 'broker_transport_options={"predefined_queues": {"celery": {"url": "q"}}}'),
        ("redis://b/0", 'broker_transport_options={"visibility_timeout": 100000}'),
        ("redis://b/0", "broker_transport_options=OPTIONS"),
    ],
)
def test_where_nothing_comes_back(planted: Planted, broker: str, settings: str) -> None:
    app = APP.format(broker=broker, settings=settings)
    sends = SENDS.replace("  # <- ACG110", "")
    planted("ACG110", {"shop/__init__.py": "", "shop/app.py": app, "shop/sends.py": sends})


def test_limits_beyond_the_broker(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop", broker="redis://b/0")
        app.conf.update(
            task_acks_late=True,
            task_time_limit=7200,  # <- ACG114
        )

        @app.task(time_limit=4000)  # <- ACG114
        def long(): ...

        @app.task(time_limit=4000, acks_late=False)
        def early(): ...

        @app.task(time_limit=600)
        def short(): ...
    """
    planted("ACG114", {"shop.py": code})


def test_limits_beyond_the_consumer_timeout(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop", broker="pyamqp://b//")
        app.conf.update(task_acks_late=True)

        @app.task(time_limit=2000)  # <- ACG114
        def long(): ...

        @app.task(time_limit=1700)
        def short(): ...
    """
    planted("ACG114", {"shop.py": code})
    planted(
        "ACG114",
        {
            "shop.py": code.replace("  # <- ACG114", ""),
            "deploy/rabbitmq.conf": "# for celery\nconsumer_timeout = 7200000\n",
        },
    )


def test_limits_beyond_the_grace_period(planted: Planted) -> None:
    compose = """
services:
  web:
    command: gunicorn shop
    stop_grace_period: 5s
  worker:
    command: celery -A shop worker
    stop_grace_period: 1m
"""
    code = """
        from celery import Celery
        app = Celery("shop")
        app.conf.task_time_limit = 300  # <- ACG114
    """
    planted("ACG114", {"shop.py": code, "compose.yaml": compose})
    planted("ACG114", {"shop.py": code.replace("300  # <- ACG114", "50"), "compose.yaml": compose})
