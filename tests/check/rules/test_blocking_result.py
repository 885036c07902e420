import textwrap
from collections.abc import Callable
from typing import Any

import pytest

Planted = Callable[[str, dict[str, str]], None]

TASKS = """
    from celery import shared_task

    @shared_task
    def add(x, y):
        return x + y
"""


def test_waiting_in_a_task(planted: Planted) -> None:
    code = """
        from celery import chord, group, shared_task
        from celery.result import AsyncResult
        from shop.tasks import add as plus
        import shop.tasks

        @shared_task
        def direct():
            return plus.delay(1, 2).get()  # <- ACG101

        @shared_task
        def by_variable():
            result = plus.apply_async((1, 2))
            return result.get(timeout=3)  # <- ACG101

        @shared_task(bind=True)
        def through_module(self):
            shop.tasks.add.delay(1, 2).wait()  # <- ACG101

        @shared_task
        def by_id(task_id):
            return AsyncResult(task_id).get()  # <- ACG101

        @shared_task
        def many():
            results = [plus.delay(n, n) for n in range(3)]
            return [result.get() for result in results]  # <- ACG101

        @shared_task
        def canvas():
            group(plus.s(1, 2), plus.s(3, 4))().join()  # <- ACG101
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/other.py": code})


@pytest.mark.parametrize(
    "handler",
    [
        """
        from flask import Flask
        flask_app = Flask(__name__)

        @flask_app.route("/sum")
        def view():
            return str(add.delay(1, 2).get())  # <- ACG101
        """,
        """
        def view(request):
            result = add.delay(1, 2)
            return result.get()  # <- ACG101
        """,
        """
        from rest_framework.views import APIView

        class Sum(APIView):
            def post(self, request):
                return add.delay(1, 2).get()  # <- ACG101
        """,
        """
        from fastapi import APIRouter
        router = APIRouter()

        @router.get("/sum")
        async def view(x: int):
            return add.delay(x, 2).get(timeout=10)  # <- ACG101
        """,
    ],
)
def test_waiting_in_a_request(planted: Planted, handler: str) -> None:
    text = "from shop.tasks import add\n" + textwrap.dedent(handler)
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/views.py": text})


def test_what_only_looks_like_waiting(planted: Planted) -> None:
    code = """
        import multiprocessing
        import threading
        from celery import shared_task
        from django.core.cache import cache
        from shop.tasks import add

        class Debouncer:
            def delay(self, x):
                return {}

        debouncer = Debouncer()

        @shared_task
        def fine(options):
            options.get("x")
            cache.get("y")
            add.delay(1, 2)
            debouncer.delay(3).get("z")
            thread = threading.Thread(target=print)
            thread.join()
            pool = multiprocessing.Pool()
            pool.apply_async(print, (1,)).get()
            "".join(["a"])

        def view(request):
            result = add.delay(1, 2)
            if result.ready():
                return result.get()
            return request.GET.get("page")

        def helper():
            return add.delay(1, 2).get()
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/fine.py": code})


WAITS = """
    from celery import shared_task
    from shop.tasks import add

    @shared_task
    def waits():
        return add.delay(1, 2).get()
"""


@pytest.mark.parametrize(
    "path", ["tests/test_add.py", "shop/_test_plugins/add.py", "shop/management/commands/add.py", "scripts/add.py"]
)
def test_tests_commands_and_scripts_may_wait(project: Any, path: str) -> None:
    project.write({"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/add.py": WAITS, path: WAITS})
    places = [(finding["path"], finding["line"]) for finding in project.check(select=["ACG101"])]
    assert places == [(str(project.folder / "shop/add.py"), 7)]


def test_waiting_in_a_function_that_a_request_or_a_task_calls(planted: Planted) -> None:
    waiting = """
        from shop.tasks import collect

        def start(user):
            return collect.delay(user)

        def wait(user):
            return collect.delay(user).get()  # <- ACG101

        def wait_for_started(user):
            result = start(user)
            return result.get(timeout=5)  # <- ACG101

        def wait_if_told(user, sync=False):
            result = collect.delay(user)
            return result.get() if sync else result.id

        def on_the_command_line(user):
            return collect.delay(user).get()
    """
    tasks = """
        from celery import shared_task
        from shop import waiting

        @shared_task
        def collect(user): ...

        @shared_task
        def report(user):
            return waiting.wait(user)
    """
    views = """
        from django.http import HttpResponse
        from shop import waiting
        from shop.tasks import collect

        def show(request):
            waiting.wait_if_told(3)
            return HttpResponse(waiting.wait_for_started(3))

        def start_at_once(request):
            collect.delay(4)
            return HttpResponse(waiting.start(3).id)

        def wait_here(request):
            return HttpResponse(waiting.start(3).get())  # <- ACG101
    """
    command = """
        from shop import waiting

        def main():
            waiting.on_the_command_line(3)
    """
    files = {"shop/waiting.py": waiting, "shop/tasks.py": tasks, "shop/views.py": views, "shop/command.py": command}
    planted("ACG101", {"shop/__init__.py": "", **files})
