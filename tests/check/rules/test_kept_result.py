"""ACG105, task by task: what reads the results of one says nothing about the others."""

from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

APP = """
    from celery import Celery
    app = Celery("shop", broker="redis://b/0", backend="redis://b/1")
"""
STATUS = """
    from celery.result import AsyncResult

    def status(request, task_id):
        return AsyncResult(task_id).status
"""


def tasks(*names: str, kept: str = "") -> str:
    """Tasks of those names, of which the `kept` ones have a finding each."""
    found = [APP]
    for name in names:
        mark = "  # <- ACG105" if name in kept.split() else ""
        found.append(f"\n    @app.task{mark}\n    def {name}(x=None): return x\n")
    return "".join(found)


def test_a_reader_by_ids_of_anything_concerns_only_tasks_whose_ids_are_kept(planted: Planted) -> None:
    views = """
        import logging
        from functools import partial
        from django.db import transaction
        from shop import tasks

        TABLE = {"tabled": tasks.tabled}

        def start(request):
            tasks.mail.delay(1)
            result = tasks.logged.delay(1)
            logging.info("sent %s", result.id)
            transaction.on_commit(lambda: tasks.committed.delay(1))
            transaction.on_commit(partial(tasks.committed.delay, 1))
            tasks.app.send_task("shop.tasks.by_name")
            tasks.given_id.apply_async((1,), task_id=request.id)
            tasks.knows_itself.delay()
            tasks.noted.delay()
            messages.info(request, f"started {tasks.shown.delay().id}")
            TABLE[request.name].delay()
            return {"id": tasks.report.delay(1).id}
    """
    schedule = """
        app.conf.beat_schedule = {"n": {"task": "shop.tasks.nightly", "schedule": 60}}

        @app.task(bind=True)
        def knows_itself(self): save(self.request.id)

        class Noted(app.Task):
            def apply_async(self, *args, **kwargs):
                async_result = super().apply_async(*args, **kwargs)
                note(async_result.id)
                return async_result

        @app.task(base=Noted)
        def noted(): ...

        @app.task(bind=True)
        def shows_progress(self): self.update_state(state="PROGRESS")
    """
    names = ("mail", "logged", "committed", "by_name", "nightly", "report", "tabled", "given_id", "shown", "unsent")
    kept = "mail logged committed by_name nightly"
    code = tasks(*names, kept=kept) + schedule.replace("\n    ", "\n")
    planted("ACG105", {"shop/tasks.py": code, "shop/views.py": views, "shop/status.py": STATUS})


def test_tasks_that_only_others_send(planted: Planted) -> None:
    """What they give, clients elsewhere may read; what gives nothing, none."""
    planted("ACG105", {"shop/tasks.py": tasks("served")})
    planted("ACG105", {"shop/tasks.py": tasks("nothing", kept="nothing").replace("return x", "print(x), x.close()")})
    sent = "from shop.tasks import one\n\none.delay()\n"
    planted("ACG105", {"shop/tasks.py": tasks("one", "other", kept="one other"), "shop/jobs.py": sent})


def test_what_becomes_of_the_result(planted: Planted) -> None:
    code = """
        from shop import tasks
        from shop.tasks import by_hand

        class Job:
            def start(self):
                self.result = tasks.attribute.delay()

        def start_unread():
            return tasks.returned_unread.delay()

        def used():
            return tasks.returned.delay()

        def run():
            tasks.bare.delay()
            start_unread()
            used().get()
            result = tasks.variable.delay()
            ignored = tasks.unused.delay()
            many = [tasks.looped.delay(n) for n in range(3)]
            for one in many:
                one.wait()
            [tasks.listed.delay(n) for n in range(3)]
            revoked = tasks.revoked.delay()
            revoked.revoke()
            by_hand(1)
            return result.status
    """
    names = ("bare", "returned_unread", "returned", "variable", "unused", "looped", "listed", "revoked", "by_hand")
    kept = "bare returned_unread unused listed revoked by_hand"
    planted("ACG105", {"shop/tasks.py": tasks(*names, "attribute", kept=kept), "shop/jobs.py": code})


def test_chains_chords_and_groups(planted: Planted) -> None:
    code = """
        from celery import chain, chord, group
        from shop import tasks

        def run():
            chord([tasks.header.s(n) for n in range(3)])(tasks.body.s())
            (group(tasks.upgraded.s(n) for n in range(3)) | tasks.callback.si()).delay()
            chain(tasks.first.s(1), tasks.last.s()).delay()
            chain([tasks.alone.si(1), tasks.also_alone.si(1)]).apply_async(link=tasks.linked.si())
            group(tasks.member.s(n) for n in range(3)).apply_async()
            result = group(tasks.joined.s(n) for n in range(3))()
            parts = []
            for n in range(3):
                parts.append(tasks.collected.s(n))
            done = group(parts).delay()
            return result.join(), done
    """
    names = ("header", "body", "upgraded", "callback", "first", "last", "alone", "also_alone", "linked", "member")
    kept = "body callback last alone also_alone linked member"
    planted("ACG105", {"shop/tasks.py": tasks(*names, "joined", "collected", kept=kept), "shop/flow.py": code})


def test_readers_of_certain_tasks(planted: Planted) -> None:
    code = """
        from celery.result import AsyncResult
        from shop import tasks
        from shop.tasks import app

        @app.task(ignore_result=True)
        def on_error(task_id):
            print(AsyncResult(task_id).traceback)

        def by_task(key):
            return tasks.named.AsyncResult(key).result

        def look(key):
            return AsyncResult(key).ready()

        def revoke(key):
            AsyncResult(key).revoke()

        def typed(result: AsyncResult) -> AsyncResult: ...

        def run():
            tasks.failing.apply_async(link_error=on_error.s())
            tasks.chained.s().on_error(on_error.s()).delay()
            result = tasks.looked_at.delay()
            look(result.id)
            tasks.named.delay()
            other = tasks.unread.delay()
            return other.id
    """
    names = ("failing", "chained", "looked_at", "named", "unread")
    planted("ACG105", {"shop/tasks.py": tasks(*names, kept="unread"), "shop/read.py": code})


@pytest.mark.parametrize(
    "monitor",
    ["from django_celery_results.models import TaskResult\n", 'APPS = ["django_celery_results"]  # celery\n'],
)
def test_results_that_somebody_looks_through(planted: Planted, monitor: str) -> None:
    sends = "from shop import tasks\n\ndef run():\n    tasks.mail.delay(1)\n"
    planted("ACG105", {"shop/tasks.py": tasks("mail"), "shop/sends.py": sends, "shop/admin.py": monitor})


@pytest.mark.parametrize(
    "gives_ids",
    [
        """
        from celery.signals import task_success
        @task_success.connect
        def keep(sender, headers=None, **kwargs): save(sender.request.id)
        """,
        "from celery import current_app\nids = list(current_app.control.inspect().active())\n",
        "from shop.tasks import app\ndef run(name): return app.tasks[name].delay()\n",
    ],
)
def test_ids_of_all_tasks_are_kept_somewhere(planted: Planted, gives_ids: str) -> None:
    sends = "from shop import tasks\n\ndef run():\n    tasks.mail.delay(1)\n"
    files = {"shop/tasks.py": tasks("mail"), "shop/sends.py": sends, "shop/status.py": STATUS}
    planted("ACG105", {**files, "shop/ids.py": gives_ids})


def test_a_function_that_sends_what_it_is_given(planted: Planted) -> None:
    code = """
        from shop import tasks

        def run(task):
            return task.delay().get()

        def main():
            run(tasks.given)
            tasks.mail.delay(1)
    """
    aside = """
        from shop.run import Action
        from shop.tasks import held

        class Report(Action):
            task = held
    """
    code += """
        class Action:
            def post(self):
                self.result = self.task.delay()
    """
    names = ("mail", "given", "held")
    planted("ACG105", {"shop/tasks.py": tasks(*names, kept="mail"), "shop/run.py": code, "shop/aside.py": aside})


def test_a_handler_that_only_logs_ids_keeps_none(planted: Planted) -> None:
    handler = """
        import logging
        from celery.signals import task_failure

        @task_failure.connect
        def note(sender, task_id=None, **kwargs):
            logging.error("failed: %s", task_id)
    """
    sends = "from shop import tasks\n\ndef run():\n    tasks.mail.delay(1)\n"
    files = {"shop/tasks.py": tasks("mail", kept="mail"), "shop/sends.py": sends, "shop/status.py": STATUS}
    planted("ACG105", {**files, "shop/handler.py": handler})
