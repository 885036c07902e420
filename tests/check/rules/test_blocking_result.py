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


def test_waiting_in_whatever_else_is_waited_for(planted: Planted) -> None:
    code = """
        import graphene
        import strawberry
        from channels.generic.websocket import JsonWebsocketConsumer
        from django.contrib import admin
        from django.db.models.signals import post_save, pre_save
        from django.dispatch import receiver
        from django.http import HttpRequest
        from flask import Flask
        from litestar import get
        from pyramid.view import view_config
        from shop.tasks import add

        flask_app = Flask(__name__)

        @receiver(post_save)
        def saved(sender, **kwargs):
            add.delay(1, 2).get()  # <- ACG101

        def saving(sender, **kwargs):
            add.delay(1, 2).get()  # <- ACG101

        pre_save.connect(saving)

        @admin.action(description="Sum")
        def add_all(modeladmin, request, queryset):
            add.delay(1, 2).get()  # <- ACG101

        class Query(graphene.ObjectType):
            def resolve_sum(self, info):
                return add.delay(1, 2).get()  # <- ACG101

        @strawberry.type
        class Sums:
            @strawberry.field
            def sum(self) -> int:
                return add.delay(1, 2).get()  # <- ACG101

        class Consumer(JsonWebsocketConsumer):
            def receive_json(self, content):
                self.send_json(add.delay(1, 2).get())  # <- ACG101

        class Handler:
            def get(self, request):
                return add.delay(1, 2).get()  # <- ACG101

        class Falcon:
            def on_post(self, req, resp):
                resp.media = add.delay(1, 2).get()  # <- ACG101

        def typed(req: HttpRequest):
            return add.delay(1, 2).get()  # <- ACG101

        def registered():
            return str(add.delay(1, 2).get())  # <- ACG101

        flask_app.add_url_rule("/sum", view_func=registered)

        @get("/sum")
        def litestar_handler(x: int) -> int:
            return add.delay(x, 2).get()  # <- ACG101

        @view_config(route_name="sum")
        def pyramid_view(context, request):
            return add.delay(1, 2).get()  # <- ACG101

        class Store:
            def get(self, key):
                return add.delay(key, 2).get()

            def connect(self, sender):
                return add.delay(1, 2).get()
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/handlers.py": code})


def test_results_in_variables_attributes_and_collections(planted: Planted) -> None:
    code = """
        from celery import chain, group, shared_task
        from celery.result import AsyncResult, ResultSet, allow_join_result
        from shop.tasks import add

        def flow():
            parts = group(add.s(n, n) for n in range(3))
            return parts

        class Sum:
            def get(self, request):
                self.result = add.delay(1, 2)
                return self.result.get()  # <- ACG101

        @shared_task(bind=True)
        def many(self, task, unknown):
            pending = []
            for n in range(3):
                pending.append(add.delay(n, n))
            for result in pending:
                result.get()  # <- ACG101
            named = {"a": add.delay(1, 2)}
            named["a"].wait()  # <- ACG101
            ResultSet([add.delay(1, 2)]).join()  # <- ACG101
            (add.s(1, 2) | add.s(3)).delay().get()  # <- ACG101
            (add.s(1, 2) | add.s(3))().get()  # <- ACG101
            flow().delay().join()  # <- ACG101
            self.app.send_task("shop.tasks.add").get()  # <- ACG101
            task.delay(1).get()  # <- ACG101
            with allow_join_result():
                unknown.started().get()  # <- ACG101
            seen = add.delay(1, 2)
            print(seen.status)
            seen.get()  # <- ACG101
            if seen.failed():
                return
            seen.get()  # <- ACG101
            return add.apply((1, 2)).get()

        def wait_for(result, name):
            return result.get(timeout=3)  # <- ACG101

        class Sandbox:
            def run(self):
                with allow_join_result():
                    return self.started().get()  # <- ACG101

            def here(self):
                done = group(add.s(1, 2)).apply()
                with allow_join_result():
                    return done.join() or add.s(1, 2).apply().get()

        def wait_for_typed(result: AsyncResult):
            return result.get()  # <- ACG101

        def read(options, name):
            return options.get("x")

        def view(request):
            read({}, "x")
            wait_for_typed(3)
            return wait_for(add.delay(1, 2), "x")
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/waits.py": code})


def test_asking_again_and_again(planted: Planted) -> None:
    code = """
        import asyncio
        import time
        from asyncio import sleep as pause
        from celery import shared_task
        from celery.result import AsyncResult
        from shop.tasks import add

        @shared_task
        def polls():
            result = add.delay(1, 2)
            while not result.ready():  # <- ACG101
                time.sleep(1)
            return result.get()

        def view(request, key):
            for _ in range(10):
                if AsyncResult(key).successful():  # <- ACG101
                    break
                time.sleep(1)
            return key

        def busy(request, key):
            result = AsyncResult(key)
            while True:
                if result.state in ("SUCCESS", "FAILURE"):  # <- ACG101
                    return result.result

        def until_done(result):
            while not result.ready():  # <- ACG101
                time.sleep(1)

        def through(request):
            return until_done(add.delay(1, 2))

        def states(request, keys):
            found = []
            for key in keys:
                found.append(AsyncResult(key).state)
            results = [AsyncResult(key) for key in keys]
            for result in results:
                found.append(result.status)
                time.sleep(0.01)
            return found

        async def sleeps_under_another_name(request, key):
            result = AsyncResult(key)
            while not result.ready():
                await pause(1)
            return result.result

        async def does_not_block(request, key):
            result = AsyncResult(key)
            while not result.ready():
                await asyncio.sleep(1)
            return await asyncio.to_thread(result.get)

        @shared_task
        def waits_for_lock(lock, machine):
            while not lock.acquire(blocking=False) or machine.state != "ready":
                time.sleep(1)

        def on_the_command_line():
            result = add.delay(1, 2)
            while not result.ready():
                time.sleep(1)
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/polls.py": code})


def test_a_result_that_is_surely_ready(planted: Planted) -> None:
    code = """
        from celery.result import AsyncResult
        from django.conf import settings
        from shop.tasks import add

        def leaves_early(request, key):
            result = AsyncResult(key)
            if not result.ready():
                return None
            return result.get()

        def by_state(request, key):
            result = AsyncResult(key)
            state = result.state
            if state == "SUCCESS":
                return result.get()
            return state

        def by_variable(request, key):
            result = AsyncResult(key)
            ready = result.ready()
            return result.get() if ready else None

        def some(request, keys):
            return [result.get() for result in map(AsyncResult, keys) if result.ready()]

        def eager(request):
            result = add.delay(1, 2)
            if settings.CELERY_TASK_ALWAYS_EAGER:
                return result.get()
            return result.id

        def looked_up_twice(request, key):
            if add.AsyncResult(key).state == "SUCCESS":
                return add.AsyncResult(key).get()
            return None

        def another(request, key, other):
            if add.AsyncResult(key).state == "SUCCESS":
                return add.AsyncResult(other).get()  # <- ACG101
            return None

        def the_other_way_round(request, key):
            result = AsyncResult(key)
            if not result.ready():
                return result.get(timeout=1)  # <- ACG101
            return result.result
    """
    planted("ACG101", {"shop/__init__.py": "", "shop/tasks.py": TASKS, "shop/ready.py": code})


def test_names_that_are_made_from_themselves(planted: Planted) -> None:
    code = """
        from celery import Celery, group
        from celery.result import AsyncResult

        app = Celery("shop", broker="redis://b/0", backend="redis://b/1")

        @app.task(ignore_result=True)
        def work(path): ...

        def parts(part):
            return parts(part) if part else parts(None)

        def turns(tasks):
            for task in tasks:
                flow = flow | work.si(task)
                key = str(key)
                sent = sent.id
                jobs = jobs.values()
                path = path / task
                result = result or work.delay(path)
            parts(flow)().get()
            jobs[0].get()
            for job in jobs:
                job.get()
            AsyncResult(sent.id).get()
            return AsyncResult(key).get()
    """
    for rule in ("ACG101", "ACG105", "ACG107"):
        planted(rule, {"shop.py": code})


def test_views_of_any_framework(planted: Planted) -> None:
    view = """
        import time
        from {library} import {base}
        from shop.tasks import total

        class Convert({base}):
            def __call__(self):
                result = total.delay(self.context)
                while not result.ready():
                    time.sleep(1){note}
                return result.result
    """
    tasks = {"shop/__init__.py": "", "shop/tasks.py": TASKS}
    found = view.replace("not result.ready():", "not result.ready():  # <- ACG101")
    planted("ACG101", tasks | {"shop/views.py": found.format(library="Products.Five", base="BrowserView", note="")})
    planted("ACG101", tasks | {"shop/views.py": view.format(library="tools", base="Job", note="")})
