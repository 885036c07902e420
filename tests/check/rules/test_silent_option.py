from collections.abc import Callable
from typing import Any

import pytest

Planted = Callable[[str, dict[str, str]], None]


def test_options_of_tasks(planted: Planted) -> None:
    code = """
        from celery import Task, shared_task

        class Locking(Task):
            lock_for = 10

        def job(**options):
            return shared_task(**options)

        @shared_task(retry_no=3)  # <- ACG111
        def unknown(): ...

        @shared_task(max_retry=3)  # <- ACG111
        def misspelt(): ...

        @shared_task(countdown=10)  # <- ACG111
        def of_the_message(): ...

        @job(soft_time_limt=5)  # <- ACG111
        def through_a_decorator(): ...

        @shared_task(retry_backoff=True)  # <- ACG111
        def backoff_without_autoretry(): ...

        @shared_task(base=Locking, lock_for=20, max_retries=3, acks_late=True, queue="x", name="n")
        def fine(): ...

        @shared_task(owner="me")
        def read_elsewhere(): ...

        print(read_elsewhere.owner)

        @shared_task(autoretry_for=(OSError,), retry_backoff=True, retry_jitter=True)
        def retried(): ...

        def other(**options):
            return lambda function: function

        @other(retry_no=3)
        def not_a_task(): ...
    """
    planted("ACG111", {"shop.py": code})


def test_options_of_messages(planted: Planted) -> None:
    code = """
        from celery import shared_task

        @shared_task(bind=True)
        def pull(self, url, depth=1):
            try:
                work(url)
            except OSError as error:
                self.retry(error)  # <- ACG111

        @shared_task
        def anything(**kwargs): ...

        def send(url, when, options):
            pull.delay(url, eta=when)  # <- ACG111
            pull.s(url, countdown=3)  # <- ACG111
            pull.apply_async((url,), max_retries=3)  # <- ACG111
            pull.apply_async((url,), countdwn=3)  # <- ACG111
            pull.apply_async((url,), depth=3)  # <- ACG111
            pull.apply_async((url,), after=3)  # <- ACG111
            pull.apply_async((url,), {"depth": 3}, countdown=3, queue="x", headers={}, expires=9)
            pull.apply_async((url,), **options)
            pull.delay(url, depth=3)
            anything.delay(countdown=3)
            pull.s(url).set(countdown=3)

        @shared_task(bind=True)
        def hopeful(self):
            try:
                work()
            except OSError as error:
                raise self.retry(
                    exc=error,
                    retry_backoff=30,  # <- ACG111
                    max_retries=3,
                    throw=True,
                )

        @shared_task(bind=True)
        def polite(self):
            try:
                work()
            except OSError as error:
                raise self.retry(exc=error, countdown=3, queue="slow", headers={})

        @shared_task(bind=True)
        def misspelt(self):
            try:
                work()
            except OSError as error:
                raise self.retry(ex=error)  # <- ACG111

        @shared_task(bind=True)
        def for_a_signal(self):
            try:
                work()
            except OSError as error:
                raise self.retry(exc=error, tenant=3)

        @before_task_publish.connect
        def on_publish(properties=None, **kwargs):
            print(properties.get("tenant"))
    """
    planted("ACG111", {"shop.py": code})


def test_options_for_the_base_class_of_another_application(planted: Planted) -> None:
    code = """
        from other.celery_app import app
        from celery import shared_task

        @app.task(shown_as="x", retry_backoff=True)
        def unknown_base(): ...

        @app.task(soft_time_limt=3)  # <- ACG111
        def misspelt(): ...

        @app.task(task_track_started=True)  # <- ACG111
        def the_name_of_the_setting(): ...

        @shared_task(shown_as="x")  # <- ACG111
        def known_base(): ...
    """
    planted("ACG111", {"shop.py": code})


APP = """
    from celery import Celery
    app = Celery("shop")
    app.config_from_object("django.conf:settings"{namespace})
"""


def test_settings_under_a_namespace(planted: Planted) -> None:
    settings = """
        CELERY_BROKER_URL = "redis://b/0"
        CELERY_TASK_TIME_LIMIT = 60
        CELERYD_TASK_TIME_LIMIT = 60  # <- ACG111
        CELERYD_SOFT_TIME_LIMIT = 60  # <- ACG111
        CELERYBEAT_OF_OUR_OWN = 60
        BROKER_URL = "redis://other/0"  # <- ACG111
        CELERY_ACKS_LATE = True  # <- ACG111
        CELERY_TASK_SERIALISER = "json"  # <- ACG111
        CELERY_IGNORE_RESULT = True  # <- ACG111
        CELERY_EMAIL_BACKEND = "x"
        CELERY_DEFAULT_EXPIRES = 3
        DATABASES = {}
    """
    reads = """
        from django.conf import settings
        import celery
        print(settings.CELERY_DEFAULT_EXPIRES, settings.CELERYBEAT_OF_OUR_OWN)
    """
    files = {
        "shop/__init__.py": "",
        "shop/celery.py": APP.format(namespace=', namespace="CELERY"'),
        "shop/settings.py": settings,
        "shop/reads.py": reads,
    }
    planted("ACG111", files)


OLD = {
    "shop/celery.py": APP.format(namespace=', namespace="CELERY"'),
    "shop/settings.py": """
        CELERY_ACKS_LATE = True
        BROKER_URL = "redis://b/0"
        CELERY_BROKER_URL = "redis://c/0"
    """,
}
ONLY_BEFORE = "Celery before 5.7, which celery{} allows, does not read it"


@pytest.mark.parametrize(
    ("file", "text", "effect"),
    [
        ("README.md", "celery==5.6.2", "Celery before 5.7 does not read it"),
        ("uv.lock", 'name = "celery"\nversion = "5.3.6"', "celery==5.3.6 (uv.lock) does not read it"),
        ("poetry.lock", 'name = "celery"\nversion = "5.7.0"', ""),
        ("Pipfile.lock", '"celery": {"version": "==4.4.7"}', "celery==4.4.7 (Pipfile.lock) does not read it"),
        ("requirements/base.txt", "celery[redis]==5.6.2 # x", "celery==5.6.2 (requirements/base.txt) does not read it"),
        ("requirements.txt", "celery>=5\ncelery == 5.7.1\n", ""),
        ("requirements.txt", "# celery==5.6.2\ncelery-once==3\n", "Celery before 5.7 does not read it"),
        ("setup.py", 'install_requires=["celery>=5.2,<5.7"]', "celery>=5.2,<5.7 (setup.py) does not read it"),
        ("setup.cfg", "  celery ~= 5.7\n", ""),
        ("setup.cfg", "  celery (>=5.2)\n", ONLY_BEFORE.format(">=5.2 (setup.cfg)")),
        ("Pipfile", 'celery = "~=5.6"\n', ONLY_BEFORE.format("~=5.6 (Pipfile)")),
        ("Pipfile", 'celery = "5.6.1"\n', "celery==5.6.1 (Pipfile) does not read it"),
        ("Pipfile", 'celery = "*"\n', "Celery before 5.7 does not read it"),
        (
            "pyproject.toml",
            'celery = {extras = ["redis"], version = "~5.6"}',
            "celery~5.6 (pyproject.toml) does not read it",
        ),
        ("pyproject.toml", 'celery = "^5.2"', ONLY_BEFORE.format("^5.2 (pyproject.toml)")),
    ],
)
def test_what_an_old_name_does_hangs_on_the_release(project: Any, file: str, text: str, effect: str) -> None:
    project.write(OLD)
    (project.folder / file).parent.mkdir(exist_ok=True)
    (project.folder / file).write_text(text)
    told = [(finding["line"], finding["message"]) for finding in project.check(select=["ACG111"])]
    start = " is a name from before the namespace CELERY: "
    shadowed = (3, f"BROKER_URL{start}it does nothing")
    assert told == ([(2, f"CELERY_ACKS_LATE{start}{effect}"), shadowed] if effect else [])


def test_a_lock_says_more_than_a_range(project: Any) -> None:
    project.write({**OLD, "uv.lock": 'name = "celery"\nversion = "5.7.0"\n', "requirements.txt": "celery==5.3.6\n"})
    assert project.check(select=["ACG111"]) == []


def test_old_names_without_a_namespace(planted: Planted) -> None:
    settings = """
        BROKER_URL = "redis://b/0"
        CELERYD_TASK_TIME_LIMIT = 60
        CELERY_ACKS_LATE = True
        CELERYBEAT_SCHEDULE = {}
    """
    files = {"shop/__init__.py": "", "shop/celery.py": APP.format(namespace=""), "shop/settings.py": settings}
    planted("ACG111", files)


@pytest.mark.parametrize(
    "line",
    [
        "app.conf.task_time_limt = 60",
        "app.conf.update(worker_prefetch_multipler=1)",
        'app.conf["task_ack_late"] = True',
        'app = Celery("shop", task_serialiser="json")',
    ],
)
def test_misspelt_lowercase_settings(planted: Planted, line: str) -> None:
    code = f"""
        from celery import Celery
        app = Celery("shop")
        app.conf.task_track_started = True
        {line}  # <- ACG111
    """
    planted("ACG111", {"shop.py": code})


@pytest.mark.parametrize(("namespace", "mark"), [("", "  # <- ACG111"), (', namespace="CELERY"', "")])
def test_settings_with_the_prefix_of_a_namespace_that_is_not_in_force(
    planted: Planted, namespace: str, mark: str
) -> None:
    settings = f"""
        CELERY_TASK_TIME_LIMIT = 60{mark}
        CELERY_RESULT_BACKEND = "redis://r/0"
        CELERY_WORKER_CONCURRENCY = 4
        print(CELERY_WORKER_CONCURRENCY)
    """
    planted("ACG111", {"shop/celery.py": APP.format(namespace=namespace), "shop/settings.py": settings})


def test_the_namespace_of_the_application(planted: Planted) -> None:
    settings = """
        CELERY_TASK_TIME_LIMIT = 60
        CELERYD_CONCURRENCY = 4  # <- ACG111
    """
    app = APP.format(namespace="").replace('Celery("shop")', 'Celery("shop", namespace="CELERY")')
    assert "namespace" in app
    planted("ACG111", {"shop/celery.py": app, "shop/settings.py": settings})


def test_settings_that_no_application_reads(planted: Planted) -> None:
    settings = """
        INSTALLED_APPS = []
        CELERY_TASK_TIME_LIMIT = 60  # <- ACG111
        CELERY_TASK_ROUTES = {}
        CELERY_OF_OUR_OWN = 3
    """
    app = """
        from celery import Celery
        from django.conf import settings
        app = Celery("shop")
        app.conf.task_routes = settings.CELERY_TASK_ROUTES
    """
    planted("ACG111", {"shop/celery.py": app, "shop/settings.py": settings})


def test_settings_at_the_wrong_level(planted: Planted) -> None:
    settings = """
        CELERY_BROKER_TRANSPORT_OPTIONS = {
            "visibility_timeout": 60,
            "task_time_limit": 60,  # <- ACG111
        }
        CELERY_VISIBILITY_TIMEOUT = 60  # <- ACG111
        CELERY = {"task_time_limit": 60}  # <- ACG111
        VISIBILITY_TIMEOUT = 60
    """
    own = """
        from celery import Celery
        app = Celery("shop")
        app.conf.update(
            visibility_timeout=60,  # <- ACG111
            broker_transport_options={"visibility_timeout": 60},
        )
    """
    files = {"shop/celery.py": APP.format(namespace=', namespace="CELERY"'), "shop/settings.py": settings}
    planted("ACG111", {**files, "shop/own.py": own})


def test_options_that_a_decorator_reads_itself(planted: Planted) -> None:
    code = """
        from celery import shared_task

        def job(lock=None, **options):
            seconds = options.pop("lock_timeout", 5)
            if "owner" in options:
                del options["owner"]
            print(lock, seconds, options.get("team"), settings.pop("elsewhere"))
            return shared_task(**options)

        class Job:
            def __init__(self, lock_for, **options):
                self.lock_for = lock_for
                self.options = options

            def __call__(self, function):
                self.options.pop("owned_by")
                return shared_task(**self.options)(function)

        @job(lock=True, lock_timeout=3, owner="me", team="us", queue="x")
        def read(): ...

        @job(elsewhere=3)  # <- ACG111
        def read_from_something_else(): ...

        @Job(lock_for=3, owned_by="me", queue="x")
        def read_by_an_object(): ...

        @Job(lock_for=3, locked_by="me")  # <- ACG111
        def read_by_none(): ...
    """
    planted("ACG111", {"shop.py": code})


def test_options_that_are_collected_in_a_dict(planted: Planted) -> None:
    code = """
        from celery import shared_task

        ALWAYS = {"queue": "x", "acks_late": True}  # <- ACG111

        @shared_task
        def work(): ...

        def send(urgent, given):
            options = {
                "countdown": 5,
                "contdown": 5,  # <- ACG111
            }
            options["max_retries"] = 3  # <- ACG111
            if urgent:
                options.update(priority=9, rate_limit=3)  # <- ACG111
            options.setdefault("retries", 1)
            work.apply_async(**options)
            work.apply_async(**ALWAYS)
            work.apply_async(**given)
            arguments = {"max_retries": 3}
            return arguments, options

        def send_late():
            late = dict(countdown=5, acks_late=True)
            return work.s(**late), print(**late)
    """
    planted("ACG111", {"shop.py": code})


def test_keywords_and_options_of_tasks_as_settings(planted: Planted) -> None:
    planted(
        "ACG111",
        {
            "shop.py": """
                from celery import Celery

                app = Celery("shop", broker="redis://localhost", backend="rpc://")
                app.conf.update(
                    broker="redis://localhost",  # <- ACG111
                    task_max_retries=3,  # <- ACG111
                    task_default_retry_delay=5,  # <- ACG111
                    task_acks_late=True,
                    task_default_rate_limit="1/s",
                    acks_late=True,  # <- ACG111
                    max_retries=3,  # <- ACG111
                    celeryd_concurrency=4,  # <- ACG111
                    timezone="UTC",
                    priority=3,
                    concurrency=4,
                )
            """
        },
    )


def test_options_of_a_base_class_that_are_misspelt(planted: Planted) -> None:
    code = """
        from celery import Task, shared_task

        class Patient(Task):
            autoretry_for = (ConnectionError,)
            retuy_jitter = True  # <- ACG111
            max_retires = 3
            queue_name = "slow"

            def on_failure(self, *args):
                print(self.max_retires)

        class Plain:
            retuy_jitter = True

        @shared_task(base=Patient)
        def work(): ...
    """
    planted("ACG111", {"shop.py": code})


def test_settings_that_no_release_has(planted: Planted) -> None:
    planted(
        "ACG111",
        {
            "celeryconfig.py": """
                broker_url = "redis://localhost"
                broker_connection_backoff = 3  # <- ACG111
                worker_log_level = "INFO"  # <- ACG111
                worker_colour = "red"
                worker_host = "localhost"
                sentry_dsn = "https://localhost"
                result_extended = True
            """,
            "shop.py": """
                from celery import shared_task
                from celeryconfig import worker_host
                from elsewhere import app

                print(app.conf.worker_colour, worker_host)

                @shared_task(interval_start=5, max_retries=3)  # <- ACG111
                def work(): ...
            """,
        },
    )


def test_settings_in_a_variable_that_is_assigned_anew(planted: Planted) -> None:
    planted(
        "ACG111",
        {
            "shop.py": """
                from celery import Celery

                class Holder:
                    app = Celery("shop")

                    def configure(self, config):
                        if config:
                            config = {"broker": config["url"], "timezone": "UTC"}  # <- ACG111
                            self.app.conf.update(config)
            """
        },
    )
