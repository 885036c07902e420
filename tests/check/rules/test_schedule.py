from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]

TASKS = """
    from celery import shared_task

    @shared_task
    def nightly(): ...

    @shared_task(name="clean-up.now")
    def clean(): ...

    @shared_task(aliases=("shop.tasks.bill", "shop.tasks.invoice"))
    def receipt(): ...
"""


def test_schedules(planted: Planted) -> None:
    code = """
        from celery import Celery
        from celery.schedules import crontab as cron

        app = Celery("shop")
        app.conf.beat_schedule = {
            "right": {"task": "shop.tasks.nightly", "schedule": cron(minute=0, hour=3)},
            "sixty": {"task": "shop.tasks.nightly", "schedule": cron(hour=3)},  # <- ACG113
            "unknown": {"task": "shop.tasks.nighly", "schedule": 60},  # <- ACG113
            "named": {"task": "clean-up.now", "schedule": 60},
            "formerly": {"task": "shop.tasks.invoice", "schedule": 60},
            "elsewhere": {"task": "other_package.tasks.work", "schedule": 60},
            "each-minute": {"task": "shop.tasks.nightly", "schedule": cron()},
            "positional": {"task": "shop.tasks.nightly", "schedule": cron(0, 3)},
        }
    """
    planted("ACG113", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/app.py": code})


def test_schedules_of_django(planted: Planted) -> None:
    settings = """
        from celery.schedules import crontab

        CELERY_BEAT_SCHEDULE = {
            "one": {"task": "shop.tasks.missing", "schedule": 60},  # <- ACG113
            "two": {"task": "shop.tasks.nightly", "schedule": crontab(day_of_week=1)},  # <- ACG113
        }
    """
    app = """
        from celery import Celery
        app = Celery("shop")
        app.config_from_object("django.conf:settings", namespace="CELERY")
    """
    files = {
        "shop/__init__.py": "",
        "shop/tasks.py": TASKS,
        "shop/celery.py": app,
        "shop/settings.py": settings,
    }
    planted("ACG113", files)


def test_expiry(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop")
        app.conf.beat_schedule = {
            "never": {"task": "a.b", "schedule": 60},  # <- ACG116
            "other-options": {"task": "a.b", "schedule": 60, "options": {"queue": "x"}},  # <- ACG116
            "expires": {"task": "a.b", "schedule": 60, "options": {"expires": 50}},
        }
    """
    planted("ACG116", {"shop.py": code})


def test_a_task_that_has_another_name(planted: Planted) -> None:
    code = """
        from celery import Celery
        from celery.schedules import crontab

        app = Celery("shop")
        app.conf.beat_schedule = {{
            "nightly": {{"task": "tasks.{name}", "schedule": crontab(hour=1, minute=0)}},{mark}
        }}

        @app.task
        def clean(): ...
    """
    planted("ACG113", {"scheduler.py": code.format(name="clean", mark="  # <- ACG113")})
    planted("ACG113", {"scheduler.py": code.format(name="sweep", mark="")})
    planted("ACG113", {"tasks.py": code.format(name="clean", mark="")} | {"scheduler.py": ""})
