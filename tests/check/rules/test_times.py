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

    @app.task(default_retry_delay=7200)  # <- ACG110
    def slow_retry(): ...

    @app.task(autoretry_for=(OSError,), retry_backoff=True, retry_backoff_max=DAY)  # <- ACG110
    def long_backoff(): ...

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


def test_beyond_the_default_timeout(planted: Planted) -> None:
    app = APP.format(broker="redis://b/0", settings="")
    planted("ACG110", {"shop/__init__.py": "", "shop/app.py": app, "shop/sends.py": SENDS})


def test_options_of_a_dict_as_the_last_one_leaves_them(planted: Planted) -> None:
    app = APP.format(broker="redis://b/0", settings="")
    code = """
        from shop.app import app
        from shop.options import LATER, SOON

        RETRIED = {"default_retry_delay": 60, "max_retries": 1}
        HOURS = {"default_retry_delay": 7200}  # <- ACG110

        @app.task(**{**RETRIED, "default_retry_delay": 7200})  # <- ACG110
        def overridden(): ...

        @app.task(**{**RETRIED, **HOURS})
        def merged(): ...

        @app.task(**{**HOURS, **RETRIED})
        def merged_the_other_way(): ...

        @app.task(**dict(HOURS, default_retry_delay=60))
        def called(): ...

        @app.task(**HOURS | RETRIED)
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


@pytest.mark.parametrize(
    ("broker", "settings"),
    [
        ("amqp://b//", ""),
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
