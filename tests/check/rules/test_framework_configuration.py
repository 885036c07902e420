"""Configuration that a framework's application hands on, that objects hold, or that a name alone tells of."""

from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

WORK = """
    from shop.app import celery

    @celery.task{mark}
    def work(url):
        fetch(url)
"""
FLASK = """
    from celery import Celery
    from flask import Flask
    from shop.config import Config

    celery = Celery("shop", broker=Config.CELERY_BROKER_URL)

    def create_app():
        app = Flask("shop")
        app.config.from_object(Config)
        {more}
        celery.conf.update(app.config)
        return app
"""
CONFIG = """
    class Config:
        CELERY_BROKER_URL = "redis://localhost"
        {more}
"""


def shop(app: str, config: str = "", mark: str = "") -> dict[str, str]:
    files = {"shop/__init__.py": "", "shop/app.py": app, "shop/tasks.py": WORK.format(mark=mark and f"  # <- {mark}")}
    return files | ({"shop/config.py": config} if config else {})


def test_flask_s_configuration_as_a_whole(planted: Planted) -> None:
    planted("ACG104", shop(FLASK.format(more=""), CONFIG.format(more=""), "ACG104"))


@pytest.mark.parametrize(
    ("app", "config"),
    [
        ("", "CELERYD_TASK_TIME_LIMIT = 60"),
        ('app.config["CELERYD_TASK_TIME_LIMIT"] = 60', ""),
        ("app.config.update(CELERYD_TASK_TIME_LIMIT=60)", ""),
        ('app.config.from_envvar("SHOP")', ""),
    ],
)
def test_a_limit_in_flask_s_configuration(planted: Planted, app: str, config: str) -> None:
    planted("ACG104", shop(FLASK.format(more=app), CONFIG.format(more=config)))


def test_a_function_that_is_given_both_applications(planted: Planted) -> None:
    app = """
        from celery import Celery
        from flask import Flask

        def configure(celery, app):
            celery.conf.update(app.config)

        celery = Celery("shop")
        app = Flask("shop")
        configure(celery, app)
    """
    planted("ACG104", shop(app, mark="ACG104"))
    planted("ACG104", shop(app.replace("celery.conf.update(", "celery.conf.update(task_time_limit=60, **")))


def test_an_application_that_an_object_holds(planted: Planted) -> None:
    app = """
        from celery import Celery

        class Core:
            def __init__(self):
                self.worker = Celery("shop")

        core = Core()
        celery = core.worker
    """
    planted("ACG104", shop(app, mark="ACG104"))
    planted("ACG104", shop(app.replace('Celery("shop")', 'Celery("shop", task_time_limit=60)')))


def test_the_current_application_and_one_of_several_classes(planted: Planted) -> None:
    app = """
        from celery import current_app
        from shop.config import settings

        celery = current_app
        celery.config_from_object(settings, namespace="CELERY")
    """
    config = """
        import os

        class Base:
            CELERY_BROKER_URL = "redis://localhost"

        class Production(Base):
            {more}

        settings = {{"production": Production}}[os.environ["CONFIG"]]()
    """
    planted("ACG104", shop(app, config.format(more="pass"), "ACG104"))
    planted("ACG104", shop(app, config.format(more="CELERY_TASK_TIME_LIMIT = 60")))


def test_settings_that_are_put_together(planted: Planted) -> None:
    app = """
        import os
        from celery import Celery

        MORE = {{"{name}": 60}}
        celery = Celery("shop")
        celery.conf.update({{"timezone": "UTC", **(MORE if os.environ.get("MORE") else {{}})}} | {{"enable_utc": True}})
    """
    planted("ACG104", shop(app.format(name="result_expires"), mark="ACG104"))
    planted("ACG104", shop(app.format(name="task_time_limit")))


@pytest.mark.parametrize(
    ("broker", "mark"),
    [
        ("settings.REDIS_URL", "  # <- ACG115"),
        ("settings.rabbitmq_dsn", "  # <- ACG115"),
        ("settings.broker", ""),
        ("settings.redis.dsn", "  # <- ACG115"),
        ("settings.queue.dsn", ""),
        ("computed()", "  # <- ACG115"),
        ('"redis://a" if computed() else f"redis://{url()}"', "  # <- ACG115"),
        ('"redis://a" if computed() else "sqs://"', ""),
        ("url()", ""),
        ('f"{settings.REDIS_URL}/0"', "  # <- ACG115"),
        ('f"{settings.broker}/0"', ""),
        ('app.config["CELERY_BROKER_URL"]', "  # <- ACG115"),
        ('app.config.get("CELERY_OTHER_URL")', ""),
    ],
)
def test_brokers_by_their_name_or_flask_s_configuration(planted: Planted, broker: str, mark: str) -> None:
    code = f"""
        from celery import Celery
        from flask import Flask
        from elsewhere import settings, url

        def computed():
            return os.getenv("BROKER", "redis://localhost")

        app = Flask("shop")
        app.config["CELERY_BROKER_URL"] = "redis://localhost"
        app.config["CELERY_OTHER_URL"] = url()
        celery = Celery("shop", broker={broker}){mark}
    """
    planted("ACG115", {"shop.py": code})


def test_a_module_of_settings_without_the_name_of_celery(planted: Planted) -> None:
    app = """
        from celery import Celery
        app = Celery("shop")
        app.config_from_object("shop.workers")
    """
    settings = 'broker_url = "redis://localhost"  # <- ACG115\n'
    planted("ACG115", {"shop/__init__.py": "", "shop/app.py": app, "shop/workers.py": settings})
