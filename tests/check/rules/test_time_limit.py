"""ACG104 where a task needs no limit of Celery's, or none would act."""

from collections.abc import Callable
from typing import Any

import pytest

Planted = Callable[[str, dict[str, str]], None]

CODE = """
    from celery import Celery
    app = Celery("shop"{settings})

    @app.task{mark}
    def work(): ...
"""
MARK = "  # <- ACG104"


@pytest.mark.parametrize(
    ("mark", "settings", "deployment"),
    [
        ("", "", "worker: celery -A shop worker -P threads"),
        ("", "", "worker: celery -A shop worker --concurrency 9 --pool=eventlet"),
        ("", "", 'CMD ["celery", "-A", "shop", "worker", "-P", "solo"]'),
        ("", "", "args:\n  - celery\n  - worker\n  - --pool\n  - threads"),
        ("", ', worker_pool="threads"', ""),
        ("", ', worker_pool="threads"', "worker: celery -A shop worker"),
        (MARK, "", "worker: celery -A shop worker -P prefork"),
        (MARK, "", "worker: celery -A shop worker -P gevent"),
        (MARK, "", "light: celery -A shop worker -P threads\nheavy: celery -A shop worker"),
        (MARK, "", "web: tool -P threads\nworker: celery -A shop worker"),
        (MARK, ', worker_pool="threads"', "worker: celery -A shop worker -P prefork"),
        (MARK, ', worker_pool=""', ""),
    ],
)
def test_pools_where_no_limit_acts(planted: Planted, mark: str, settings: str, deployment: str) -> None:
    planted("ACG104", {"shop.py": CODE.format(mark=mark, settings=settings), "Procfile": deployment + "\n"})


def test_the_pool_that_knows_no_soft_limit(project: Any) -> None:
    project.write({"shop.py": CODE.format(mark="", settings=', worker_pool="gevent"')})
    (finding,) = project.check(select=["ACG104"])
    assert finding["fix"].endswith("; a soft limit does nothing on gevent")


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        ('"""Says who asked."""\n        print(self.request)', ""),
        ("logger.info(self.request.id)", ""),
        ("print(self.request)\n        work()", MARK),
        ('"""Nothing yet."""', MARK),
    ],
)
def test_a_task_that_only_prints(planted: Planted, body: str, mark: str) -> None:
    code = f"""
    from celery import Celery
    app = Celery("shop")

    @app.task(bind=True){mark}
    def debug_task(self):
        {body}
    """
    planted("ACG104", {"shop.py": code})
    backend = code.replace('"shop"', '"shop", backend="redis://b"').replace("ACG104", "ACG105")
    planted("ACG105", {"shop.py": backend})


def test_tasks_that_end_themselves(planted: Planted) -> None:
    code = """
        import asyncio
        import signal
        import subprocess
        from logging import getLogger

        import httpx
        import requests
        import timeout_decorator
        from celery import Celery
        from func_timeout import func_timeout, func_set_timeout
        from shop.work import lock_timeout, pull, store, timeout

        app = Celery("shop")
        logger = getLogger(__name__)

        @app.task
        @timeout_decorator.timeout(60)
        def decorated(url): ...

        @app.task
        @func_set_timeout(60)
        def decorated_otherwise(url): ...

        @app.task
        def with_an_alarm(url):
            signal.signal(signal.SIGALRM, stop)
            signal.alarm(60)
            store(pull(url))
            signal.alarm(0)

        @app.task
        def within_a_block(url):
            logger.info("pulls %s", str(url))
            with timeout(60):
                store(pull(url))

        @app.task
        def within_a_loop(url):
            try:
                asyncio.run(asyncio.wait_for(pull(url), 60))
            except TimeoutError:
                store(None)

        @app.task
        def given_up(url):
            return func_timeout(60, pull, (url,))

        @app.task
        def one_process(url):
            subprocess.run(["pull", url], timeout=60)

        @app.task  # <- ACG104
        def one_call_of_it(url):
            store(requests.get(url, timeout=60).json())

        @app.task  # <- ACG104
        def work_after_the_block(url):
            with timeout(60):
                rows = pull(url)
            store(rows)

        @app.task  # <- ACG104
        def an_alarm_that_is_cancelled(url):
            signal.alarm(0)
            store(pull(url))

        @app.task  # <- ACG104
        def one_process_without(url):
            subprocess.run(["pull", url])

        @app.task  # <- ACG104
        @timeout_decorator.logged
        def decorated_with_something_else(url): ...

        @app.task  # <- ACG104
        def one_call_with_an_object(url):
            pull(url, timeout=httpx.Timeout(5))

        @app.task  # <- ACG104
        @lock_timeout(5)
        def decorated_with_what_waits(url): ...

        @app.task  # <- ACG104
        def block_after_block(urls):
            for url in urls:
                with timeout(60):
                    pull(url)

        @app.task  # <- ACG104
        def asks_for_the_timeout(url):
            store(pull(url), timeout())
    """
    planted("ACG104", {"shop/__init__.py": "", "shop/app.py": code})
