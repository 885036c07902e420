"""Which functions are tasks: ACG104 marks each that is seen."""

from collections.abc import Callable

import pytest

Planted = Callable[[str, dict[str, str]], None]

APP = """
    from celery import Celery
    app = Celery("shop")
    task = app.task
    heavy = app.task(queue="heavy")
"""


def test_functions_that_are_given_to_what_makes_tasks(planted: Planted) -> None:
    work = """
        from functools import partial, wraps
        from celery import shared_task
        from shop import plain
        from shop.app import app

        def first(): ...
        def second(): ...
        def third(): ...
        def fourth(): ...
        def fifth(): ...
        def limited(): ...
        def no_task(): ...

        by_name = shared_task(first)  # <- ACG104
        with_options = shared_task(name="second")(second)  # <- ACG104
        fourth = app.task(wraps(fourth)(fourth))  # <- ACG104
        imported = app.task(plain.work)
        with_limit = shared_task(time_limit=9)(limited)
        quick = partial(no_task)

        def register():
            app.task(fifth)  # <- ACG104
    """
    planted("ACG104", {"shop/app.py": APP, "shop/plain.py": "def work(): ...  # <- ACG104\n", "shop/work.py": work})


def test_decorators_that_are_bound_to_names(planted: Planted) -> None:
    work = """
        from functools import partial
        from shop.app import heavy, task

        quick = partial(task, time_limit=3)

        @task  # <- ACG104
        def bare(): ...

        @heavy  # <- ACG104
        def made_before(): ...

        @partial(task, queue="light")  # <- ACG104
        def partially(): ...

        @quick
        def with_a_limit(): ...

        @partial(print)
        def no_task(): ...
    """
    planted("ACG104", {"shop/app.py": APP, "shop/work.py": work})


WRAPPERS = {
    "a function": """
        def job(function):
            return app.task(function)
    """,
    "options": """
        def job(*args, **options):
            def decorate(function):
                @wraps(function)
                def run(*args, **kwargs):
                    return function(*args, **kwargs)
                return app.task(**options)(run)
            return decorate(args[0]) if args else decorate
    """,
    "a decorated inner function": """
        def job(function):
            @app.task(name=function.__name__)
            def run(*args):
                return function(*args)
            return run
    """,
    "around another": """
        def inner(function, **options):
            return shared_task(function, **options)

        def job(function):
            return inner(function, queue="heavy")
    """,
    "a class": """
        class Job:
            def __init__(self, **options):
                self.options = options

            def __call__(self, function):
                return shared_task(**self.options)(function)

        job = Job(queue="heavy")
    """,
    "a method of an object": """
        class Registry:
            def add(self, function):
                return app.task(function)

        registry = Registry()
        job = registry.add
    """,
    "an application that is given": """
        class Registry:
            def __init__(self, app):
                self.app = app

            def job(self, function):
                return self.app.task(base=celery.Task)(function)

        job = Registry(app).job
    """,
    "an application of its own class": """
        class Application(celery.Celery):
            def task(self, *args, **options):
                collected = {"queue": "heavy"}
                collected.update(options)
                return super().task(*args, **collected)

        job = Application("other").task
    """,
    "what a function hands back": """
        def get_decorator():
            return app.task

        job = get_decorator()
    """,
}


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
def test_decorators_of_the_project(planted: Planted, wrapper: str) -> None:
    """Used where nothing else speaks of Celery, in a module and in a function with a local of the decorator's name."""
    start = """
        import celery
        from functools import wraps
        from celery import shared_task
        from shop.app import app
    """
    work = """
        from shop.jobs import job
        from shop.others import noted

        @job  # <- ACG104
        def work():
            job = None
            return job

        @noted
        def no_task(): ...
    """
    others = """
        def noted(function):
            return function
    """
    planted(
        "ACG104", {"shop/app.py": APP, "shop/jobs.py": start + wrapper, "shop/work.py": work, "shop/others.py": others}
    )


def test_a_decorator_that_notes_functions(planted: Planted) -> None:
    """They become tasks when there is an application; a list of functions that nothing makes tasks of is none."""
    noting = """
        from celery import Celery

        noted = {}
        listed = []

        def make(flask):
            celery = Celery("shop")
            flask.tasks = {function: celery.task(**options)(function) for function, options in noted.items()}

        def task(**options):
            def note(function):
                noted[function] = options
                return function
            return note

        def step(function):
            listed.append(function)
            return function
    """
    code = """
        from shop.noting import step, task

        @task(bind=True, max_retries=None)
        def work(self, order):
            try:
                order.pay()
            except Exception as error:
                self.retry(exc=error)  # <- ACG106

        @step
        def no_task(self, order):
            try:
                order.pay()
            except Exception as error:
                self.retry(exc=error)
    """
    planted("ACG106", {"shop/noting.py": noting, "shop/work.py": code.replace("max_retries=None", "max_retries=3")})


def test_the_limit_of_a_decorator_in_all_its_forms(planted: Planted) -> None:
    jobs = """
        from celery import Celery, shared_task
        from shop.app import app

        class Job:
            def __init__(self, **options):
                self.options = options

            def __call__(self, function):
                return shared_task(time_limit=9, **self.options)(function)

        class Application(Celery):
            def task(self, *args, **options):
                collected = dict(queue="heavy")
                collected["time_limit"] = 9
                collected.update(options)
                return super().task(*args, **collected)

        class Unseen(Celery):
            def task(self, *args, **options):
                return super().task(*args, **self.read(options))

        own, unseen = Application("own"), Unseen("unseen")
    """
    work = """
        from shop.jobs import Job, own, unseen

        @Job(name="work")
        def of_a_class(): ...

        @own.task
        def of_an_application(): ...

        @unseen.task
        def of_one_that_reads_options_elsewhere(): ...
    """
    planted("ACG104", {"shop/app.py": APP, "shop/jobs.py": jobs, "shop/work.py": work})


def test_a_decorator_is_evaluated_around_its_function(planted: Planted) -> None:
    work = """
        from shop.app import app

        @app.task  # <- ACG104
        def work(app=None):
            app = app or object()

        def run():
            app = object()

            @app.task
            def no_task(): ...
    """
    planted("ACG104", {"shop/app.py": APP, "shop/work.py": work})


def test_classes(planted: Planted) -> None:
    work = """
        from celery import Task
        from shop.app import app

        class Base(Task):
            def run(self): ...

        class Own(Task):  # <- ACG104
            def run(self): ...

        class Inherited(Base):  # <- ACG104
            name = "inherited"

        class OnlyABase(Task):
            def on_failure(self): ...

        class NoTask(dict):
            def run(self): ...
    """
    planted("ACG104", {"shop/app.py": APP, "shop/work.py": work})


def test_a_chain_of_decorators_in_files_that_do_not_name_celery(planted: Planted) -> None:
    first = """
        from shop.app import app

        def first(function):
            return app.task(function)
    """
    second = """
        from shop.first import first

        def second(function):
            return first(function)
    """
    work = """
        from shop.second import second

        @second  # <- ACG104
        def work(): ...
    """
    files = {"shop/first.py": first, "shop/second.py": second, "shop/work.py": work}
    planted("ACG104", {"shop/app.py": APP, **files})
