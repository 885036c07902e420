"""ACG103, ACG104, ACG105, ACG115: rules that hang on the configuration, in each form that it takes."""

from collections.abc import Callable
from typing import Any

import pytest

Planted = Callable[[str, dict[str, str]], None]

TASK = """
    from shop.app import app

    @app.task  # <- ACG104
    def work():
        pass
"""
LIMITS: dict[str, dict[str, str]] = {
    "conf.update with keywords": {
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.conf.update(task_time_limit=60)
        """
    },
    "conf.update with a dict": {
        "shop/app.py": """
            from celery import Celery
            LIMITS = {"task_time_limit": 60}
            app = Celery("shop")
            app.conf.update(**LIMITS)
        """
    },
    "attribute": {
        "shop/app.py": """
            from celery import Celery as Application
            app = Application("shop")
            app.conf.task_soft_time_limit = 60
        """
    },
    "item": {
        "shop/app.py": """
            import celery
            app = celery.Celery("shop")
            app.conf["task_time_limit"] = 60
        """
    },
    "keyword of the application": {
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop", task_time_limit=60)
        """
    },
    "factory": {
        "shop/app.py": """
            from celery import Celery

            def make():
                made = Celery("shop")
                made.conf.update({"task_time_limit": 60})
                return made

            app = make()
        """
    },
    "module": {
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.config_from_object("shop.celeryconfig")
        """,
        "shop/celeryconfig.py": "task_time_limit = 60  # Celery\n",
    },
    "old names in a module": {
        "shop/app.py": """
            from celery import Celery
            from shop import celeryconfig
            app = Celery("shop")
            app.config_from_object(celeryconfig)
        """,
        "shop/celeryconfig.py": "CELERYD_TASK_TIME_LIMIT = 60\n",
    },
    "class": {
        "shop/app.py": """
            from celery import Celery

            class Base:
                task_time_limit = 60

            class Config(Base):
                task_acks_late = True

            app = Celery("shop")
            app.config_from_object(Config)
        """
    },
    "Django with a namespace": {
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.config_from_object("django.conf:settings", namespace="CELERY")
        """,
        "shop/settings.py": "CELERY_TASK_TIME_LIMIT = 60\n",
    },
    "Django's settings as an object": {
        "shop/app.py": """
            from celery import Celery
            from django.conf import settings
            app = Celery("shop")
            app.config_from_object(settings, namespace="CELERY")
        """,
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": "CELERY_TASK_TIME_LIMIT: int = 60\n",
    },
    "django-configurations": {
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.config_from_object("django.conf:settings", namespace="CELERY")
        """,
        "shop/settings.py": """
            from configurations import Configuration

            class Base(Configuration):
                CELERY_TASK_SOFT_TIME_LIMIT = 60
        """,
    },
    "Flask": {
        "shop/app.py": """
            from celery import Celery
            from flask import Flask
            flask_app = Flask(__name__)
            flask_app.config.from_mapping(CELERY=dict(task_time_limit=60))
            app = Celery("shop")
            app.config_from_object(flask_app.config["CELERY"])
        """
    },
    "a subclass that reads Flask's config": {
        "shop/app.py": """
            from celery import Celery

            class FlaskCelery(Celery):
                def init_app(self, flask_app):
                    self.conf.update(flask_app.config.get("CELERY_CONF", {}))

            app = FlaskCelery("shop")
        """,
        "shop/config.py": """
            class Settings:
                CELERY_CONF = {"CELERYD_TASK_TIME_LIMIT": 60}
        """,
    },
    "a subclass, and settings that an instance sets": {
        "shop/app.py": """
            from celery import Celery

            class FlaskCelery(Celery):
                def init_app(self, flask_app):
                    self.conf.update(flask_app.config["CELERY_CONF"])

            app = FlaskCelery("shop")
        """,
        "shop/config.py": """
            class Settings:
                def __init__(self, env):
                    self.CELERY_CONF = {"task_time_limit": env.int("LIMIT")}
        """,
    },
    "a subclass that names a module": {
        "shop/app.py": """
            from celery import Celery

            class Configured(Celery):
                def __init__(self, *args, **kwargs):
                    super().__init__(*args, **kwargs)
                    self.config_from_object("shop.celeryconfig")

            app = Configured("shop")
        """,
        "shop/celeryconfig.py": "task_time_limit = 60  # Celery\n",
    },
    "a subclass that sets its own configuration": {
        "shop/app.py": """
            from celery import Celery

            class Configured(Celery):
                def init_app(self, config):
                    self.conf["task_time_limit"] = 60
                    self.conf.task_track_started = True

            app = Configured("shop")
        """,
    },
    "the whole application's base class": {
        "shop/app.py": """
            from celery import Celery, Task

            class Limited(Task):
                soft_time_limit = 60

            app = Celery("shop", task_cls=Limited)
        """
    },
    "a function that is given the application": {
        "shop/app.py": """
            from celery import Celery

            def configure(flask_app, celery):
                celery.conf.update(flask_app.config)

            app = Celery("shop")
        """
    },
    "a configuration that none can see": {
        "shop/app.py": """
            import os
            from celery import Celery
            app = Celery("shop")
            app.config_from_object(os.environ["CONFIG"])
        """
    },
}


@pytest.mark.parametrize("form", LIMITS)
def test_a_global_limit_is_understood_in_every_form(planted: Planted, form: str) -> None:
    clean = TASK.replace("  # <- ACG104", "")
    planted("ACG104", {"shop/__init__.py": "", "shop/tasks.py": clean, **LIMITS[form]})


@pytest.mark.parametrize(
    "app",
    [
        'app = Celery("shop")',
        'app = Celery("shop")\napp.conf.update(task_acks_late=True)',
        'app = Celery("shop")\napp.config_from_object("shop.settings", namespace="CELERY")',
    ],
)
def test_no_limit_anywhere(planted: Planted, app: str) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/app.py": "from celery import Celery\n" + app + "\n",
        "shop/settings.py": "CELERYD_TASK_TIME_LIMIT = 60  # a dead name under the namespace\n",
        "shop/tasks.py": TASK,
        "requirements.txt": "celery==5.6.2\n",
    }
    planted("ACG104", files)


@pytest.mark.parametrize("requirement", ["celery>=5.7", "celery>=5.3", "redis==5.6.2"])
def test_an_old_name_of_the_limit_that_recent_releases_read(planted: Planted, requirement: str) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.config_from_object("shop.settings", namespace="CELERY")
        """,
        "shop/settings.py": "CELERYD_TASK_TIME_LIMIT = 60\n",
        "shop/tasks.py": TASK.replace("  # <- ACG104", ""),
        "requirements.txt": f"{requirement}\n",
    }
    planted("ACG104", files)


def test_own_limits(planted: Planted) -> None:
    code = """
        import functools
        from celery import Celery, Task, shared_task

        app = Celery("shop")
        LIMITS = {"time_limit": 60}

        class Limited(Task):
            time_limit = 60

        class Child(Limited):
            pass

        def limited(**options):
            return app.task(time_limit=60, **options)

        quick = functools.partial(shared_task, soft_time_limit=5)

        @app.task(time_limit=60)
        def by_option(): ...

        @shared_task(**LIMITS)
        def by_dict(): ...

        @app.task(base=Child)
        def by_base(): ...

        @limited(name="by-decorator")
        def by_decorator(): ...

        @quick
        def by_partial(): ...

        @app.task(soft_time_limit=60, time_limit=50)  # <- ACG104
        def wrong_order(): ...

        class ByClass(Task):  # <- ACG104
            def run(self): ...

        @app.task  # <- ACG104
        def without(): ...

        def plain(): ...
    """
    planted("ACG104", {"shop.py": code})


@pytest.mark.parametrize(
    ("other", "mark"),
    [("from platform_of_ours import app\n    return app", ""), ("return Celery('shop')", "  # <- ACG104")],
)
def test_a_factory_that_may_return_an_application_from_elsewhere(planted: Planted, other: str, mark: str) -> None:
    app = f"""
from celery import Celery

def current(testing):
    if testing:
        return Celery(task_always_eager=True)
    {other}

app = current(False)

@app.task{mark}
def work(): ...
"""
    planted("ACG104", {"shop.py": app})


EXAMPLE = """
    from celery import Celery
    app = Celery("example")

    @app.task{mark}
    def shown(): ...
"""


@pytest.mark.parametrize(("folder", "mark"), [("example", ""), ("server", "  # <- ACG104")])
def test_an_example_says_nothing_about_the_library(planted: Planted, folder: str, mark: str) -> None:
    library = f"""
        from celery import shared_task

        @shared_task{mark}
        def offered(): ...
    """
    planted("ACG104", {"library/tasks.py": library, f"{folder}/app.py": EXAMPLE.format(mark=mark)})


def test_an_example_says_something_about_itself(planted: Planted) -> None:
    planted("ACG104", {"library/view.py": "import celery\n", "example/app.py": EXAMPLE.format(mark="  # <- ACG104")})


def test_limits_that_come_with_the_message(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop")

        @app.task
        def limited(): ...

        @app.task
        def sent_with_options(): ...

        @app.task  # <- ACG104
        def sent_with_arguments(**kwargs): ...

        def send(options):
            limited.apply_async(time_limit=60, countdown=3)
            sent_with_options.apply_async((), **options)
            sent_with_arguments.delay(**options)
            sent_with_arguments.apply_async((), countdown=3)
    """
    planted("ACG104", {"shop.py": code})


def test_global_limits_in_the_wrong_order(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop")
        app.conf.update(
            task_time_limit=60,
            task_soft_time_limit=60,  # <- ACG104
        )
    """
    planted("ACG104", {"shop.py": code})


def test_a_worker_started_with_a_limit(planted: Planted) -> None:
    code = """
        from celery import Celery
        app = Celery("shop")

        @app.task
        def work(): ...
    """
    planted("ACG104", {"shop.py": code, "Procfile": "worker: celery -A shop worker --time-limit=300\n"})


def test_serializers(planted: Planted) -> None:
    code = """
        import kombu
        from celery import Celery
        KIND = "pickle"
        app = Celery("shop", task_serializer="json")
        app.conf.update(
            accept_content=["json", "pickle"],  # <- ACG103
            result_serializer=KIND,  # <- ACG103
            event_serializer="json",
        )

        @app.task(serializer="yaml")  # <- ACG103
        def work(): ...

        @app.task(serializer="dill")  # <- ACG103
        def own(): ...

        @app.task(serializer="msgpack")
        def fine(): ...

        kombu.enable_insecure_serializers()  # <- ACG103

        def send():
            work.apply_async(serializer="pickle")  # <- ACG103
            work.apply_async(serializer="json")
            print({"serializer": "pickle"})
    """
    planted("ACG103", {"shop.py": code})


def test_serializer_in_django_settings(planted: Planted) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/app.py": """
            from celery import Celery
            app = Celery("shop")
            app.config_from_object("django.conf:settings", namespace="CELERY")
        """,
        "shop/settings.py": """
            CELERY_ACCEPT_CONTENT = ["application/x-python-serialize"]  # <- ACG103
            SESSION_SERIALIZER = "pickle"
        """,
    }
    planted("ACG103", files)


def test_serializers_that_a_subclass_sets(planted: Planted) -> None:
    app = """
        from celery import Celery

        class Configured(Celery):
            def init_app(self, config):
                self.conf["task_serializer"] = "pickle"  # <- ACG103
                self.conf["accept_content"] = ["json"]
                config.conf["result_serializer"] = "pickle"

        app = Configured("shop")
    """
    planted("ACG103", {"shop/__init__.py": "", "shop/app.py": app})


UNSEEN = """
    import os
    from celery import Celery
    app = Celery("shop")
    app.config_from_envvar("CONFIG")
"""


def test_serializers_in_settings_that_none_can_follow(planted: Planted) -> None:
    settings = """
        CELERY_TASK_SERIALIZER = "pickle"  # <- ACG103
        CELERY_RESULT_SERIALIZER = "json"
        TASK_SERIALIZER = "pickle"

        class Production:
            CELERY_ACCEPT_CONTENT = ["json", "yaml"]  # <- ACG103
    """
    planted("ACG103", {"shop/__init__.py": "", "shop/app.py": UNSEEN, "shop/settings.py": settings})


def test_serializers_in_settings_that_the_application_does_not_read(planted: Planted) -> None:
    app = """
        from celery import Celery
        app = Celery("shop", broker="redis://b/0")
        app.conf.task_serializer = "json"
    """
    settings = 'CELERY_TASK_SERIALIZER = "pickle"\n'
    planted("ACG103", {"shop/__init__.py": "", "shop/app.py": app, "shop/settings.py": settings})


KEPT = """
    from celery import Celery
    app = Celery("shop", broker="redis://b/0", backend="redis://b/1")

    @app.task  # <- ACG105
    def kept(): ...

    @app.task(ignore_result=True)
    def ignored(): ...

    @app.task(ignore_result=False)
    def meant(): ...

    @app.task
    def read(): ...

    def use():
        kept.delay()
        result = read.delay()
        return result
"""


def test_kept_results(planted: Planted) -> None:
    planted("ACG105", {"shop.py": KEPT})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (', backend="redis://b/1"', ""),
        (', backend="redis://b/1"', ', backend="rpc://"'),
        (', backend="redis://b/1"', ', backend="redis://b/1", task_ignore_result=True'),
        ("        kept.delay()\n", "        kept.AsyncResult('1').get()\n"),
        ("        kept.delay()\n", "        kept.apply_async(ignore_result=True)\n"),
    ],
)
def test_results_that_are_not_kept_or_are_read(planted: Planted, old: str, new: str) -> None:
    assert old in KEPT
    planted("ACG105", {"shop.py": KEPT.replace(old, new).replace("  # <- ACG105", "")})


@pytest.mark.parametrize(
    "backend",
    ['env("RESULTS")', 'os.environ.get("RESULTS")', 'f"redis://{host}/0"', 'os.environ["A"] or host', "RESULTS"],
)
def test_results_that_are_kept_in_a_backend_of_the_environment(planted: Planted, backend: str) -> None:
    start = 'import os\n    from shop import env, host\n    RESULTS = "redis://" + host\n    '
    code = KEPT.replace("from celery", start + "from celery", 1).replace('"redis://b/1"', backend)
    planted("ACG105", {"shop.py": code})


@pytest.mark.parametrize(
    "backend",
    [
        'env("RESULTS", default=None)',
        'os.environ.get("RESULTS", "")',
        'env("RESULTS", default="django-db")',
        'f"rpc://{host}"',
        "RESULTS",
    ],
)
def test_results_that_may_not_be_kept_or_are_meant_to_be_seen(planted: Planted, backend: str) -> None:
    start = "import os\n    from shop import RESULTS, env, host\n    "
    code = KEPT.replace("from celery", start + "from celery", 1).replace('"redis://b/1"', backend)
    planted("ACG105", {"shop.py": code.replace("  # <- ACG105", "")})


def test_what_is_commented_out_is_not_there(planted: Planted) -> None:
    prose = (
        KEPT.replace("    app = Celery", '    # AsyncResult\n    TEXT = "#"  # AsyncResult\n    app = Celery')
        + '''
    def noted():
        """Not with AsyncResult."""
    '''
    )
    planted("ACG105", {"shop.py": prose})


def test_a_limit_that_is_commented_out(project: Any) -> None:
    project.write({"shop.py": 'from celery import Celery\napp = Celery("shop")\n\n@app.task\ndef work(): ...\n'})
    compose = project.folder / "compose.yml"
    compose.write_text(
        "services:\n  worker:\n    command: celery worker\n    # command: celery worker --time-limit=60\n"
    )
    assert [finding["line"] for finding in project.check(select=["ACG104"])] == [4]
    compose.write_text("services:\n  worker:\n    command: celery worker --time-limit=60\n")
    assert project.check(select=["ACG104"]) == []


@pytest.mark.parametrize(
    "settings",
    [
        "settings = Settings()",
        "def get_settings():\n    return Settings()\n\nsettings = get_settings()",
        'class Config:\n    @property\n    def broker_url(self):\n        return f"redis://{A}"\n\nsettings = Config()',
    ],
    ids=["object", "function", "property"],
)
def test_a_broker_of_an_object_of_settings(planted: Planted, settings: str) -> None:
    config = f"""from pydantic_settings import BaseSettings
A = "b"

class Settings(BaseSettings):
    broker_url: str = "redis://b/0"

{settings}
"""
    code = """
        import os
        from celery import Celery
        from shop.config import settings
        app = Celery("shop", broker=settings.broker_url)  # <- ACG115
    """
    variable = code.replace("settings.broker_url", 'os.environ["REDIS_URL"]').replace("app =", "other =")
    planted("ACG115", {"shop/__init__.py": "", "shop/config.py": config, "shop/app.py": code})
    planted("ACG115", {"shop/app.py": variable})


@pytest.mark.parametrize(
    ("settings", "mark"),
    [
        ('BROKER = env.get("BROKER", "redis://b")', "  # <- ACG115"),
        ('BROKER = "redis://b"', "  # <- ACG115"),
        ('BROKER = env.get("BROKER", "sqs://")', ""),
        ("BROKER = env.get_url()", ""),
    ],
)
def test_a_broker_of_django_s_settings(planted: Planted, settings: str, mark: str) -> None:
    code = f"""
        from celery import Celery
        from django.conf import settings
        app = Celery("shop")
        app.conf.broker_url = settings.BROKER{mark}
    """
    start = "import shop.env as env  # for Celery\n"
    planted("ACG115", {"shop/__init__.py": "", "shop/settings.py": f"{start}{settings}\n", "shop/app.py": code})


@pytest.mark.parametrize(
    ("settings", "mark"),
    [
        ("", "  # <- ACG115"),
        ('CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5}', ""),
        ('BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5}', ""),
    ],
)
def test_a_broker_of_settings_whose_application_none_can_see(planted: Planted, settings: str, mark: str) -> None:
    text = f'CELERY_BROKER_URL = "redis://b"{mark}\n{settings}\n'
    planted("ACG115", {"shop/__init__.py": "", "shop/settings.py": text})
    elsewhere = "from elsewhere import celery\ncelery.config_from_object(celery.made())\n"
    planted("ACG115", {"shop/settings.py": text.replace(mark, ""), "shop/app.py": elsewhere})


def test_brokers(planted: Planted) -> None:
    planted(
        "ACG115",
        {
            "one.py": """
                from celery import Celery
                app = Celery("shop", broker="amqp://guest@rabbit//")  # <- ACG115
            """
        },
    )


@pytest.mark.parametrize(
    "code",
    [
        """
        from celery import Celery
        app = Celery("shop", broker="redis://b/0")  # <- ACG115
        """,
        """
        import os
        from celery import Celery
        app = Celery("shop")
        app.conf.broker_url = os.environ.get("BROKER", "redis://b/0")  # <- ACG115
        """,
        """
        from kombu import Queue
        queue = Queue("q", queue_arguments={"x-ha-policy": "all"})  # <- ACG115
        """,
        """
        from celery import Celery
        app = Celery("shop")
        app.conf.update(task_acks_late=True, task_time_limit=1200)  # <- ACG115
        """,
        """
        from celery import Celery
        app = Celery("shop", broker="amqp://rabbit//")
        app.conf.broker_transport_options = {"confirm_publish": True}
        """,
        """
        from celery import Celery
        app = Celery("shop", broker="redis://b/0")
        app.conf.broker_transport_options = {"socket_timeout": 5}
        """,
        """
        import os
        from celery import Celery
        app = Celery("shop", broker=os.environ["BROKER"])
        """,
        """
        from celery import Celery
        app = Celery("shop")
        app.conf.update(task_acks_late=True, task_time_limit=1200, worker_prefetch_multiplier=1)
        """,
    ],
)
def test_broker_configuration(planted: Planted, code: str) -> None:
    planted("ACG115", {"shop.py": code})


def test_a_function_that_makes_the_settings(planted: Planted) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/app.py": """
            from celery import Celery
            from shop import broker
            app = Celery("shop")
            app.conf.update(**broker.settings(3))
        """,
        "shop/broker.py": """
            def settings(seconds):
                return {"task_time_limit": seconds, "task_serializer": "json"}
        """,
        "shop/tasks.py": TASK.replace("  # <- ACG104", ""),
    }
    planted("ACG104", files)
    planted("ACG104", {**files, "shop/broker.py": "def settings(seconds):\n    return {}\n", "shop/tasks.py": TASK})


def test_a_dict_that_is_filled_with_what_none_can_see(planted: Planted) -> None:
    code = """
        from celery import Celery

        def make(extra):
            app = Celery("shop")
            config = {"task_acks_late": True}
            config.update(extra)
            app.conf.update(config)
            return app

        app = make({})

        @app.task  # <- ACG104
        def work(): ...
    """
    planted("ACG104", {"shop.py": code.replace("  # <- ACG104", "")})
    planted("ACG104", {"shop.py": code.replace("  # <- ACG104", "").replace("update(extra)", "update(extra.celery)")})
    planted("ACG104", {"shop.py": code.replace("config.update(extra)", 'config.update({"timezone": "UTC"})')})


def test_serializers_of_a_module_that_holds_celery_s_settings(planted: Planted) -> None:
    settings = """
        broker_url = url()
        task_acks_late = True
        worker_concurrency = 1
        task_serializer = "pickle"  # <- ACG103
    """
    planted("ACG103", {"long_tasks.py": settings})
    planted("ACG103", {"formats.py": 'task_serializer = "pickle"\n', "long_tasks.py": ""})
