from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]


def test_automatic_retries(planted: Planted) -> None:
    code = """
        from celery import shared_task

        @shared_task(
            autoretry_for=(Exception,),  # <- ACG106
            retry_backoff=True,
        )
        def bare(): ...

        ERRORS = (Exception,)

        @shared_task(autoretry_for=ERRORS, retry_backoff=True)  # <- ACG106
        def by_name(): ...

        @shared_task(autoretry_for=(OSError,))  # <- ACG106
        def without_backoff(url): ...

        @shared_task(autoretry_for=(JobRunning,), default_retry_delay=5)
        def polls(pk): ...

        @shared_task(autoretry_for=(OSError,), bind=True)
        def runs_alone(self): ...

        @shared_task(autoretry_for=(OSError,), retry_backoff=True, retry_jitter=False)
        def runs_alone_too(): ...

        @shared_task(
            autoretry_for=(OSError,),
            retry_backoff=True,
            retry_jitter=False,  # <- ACG106
        )
        def without_jitter(url): ...

        @shared_task(
            autoretry_for=(OSError,),
            retry_backoff=True,
            max_retries=None,  # <- ACG106
        )
        def endless(): ...

        @shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=None, retry_kwargs={"max_retries": 3})
        def with_the_limit_in_its_kwargs(): ...

        @shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=None, retry_kwargs=settings.RETRIES)
        def with_kwargs_of_the_settings(): ...

        @shared_task(
            autoretry_for=(OSError,),
            retry_backoff=True,
            max_retries=None,  # <- ACG106
            retry_kwargs={"countdown": 5},
        )
        def endless_with_kwargs(): ...

        @shared_task(autoretry_for=(OSError, TimeoutError), retry_backoff=2, max_retries=5)
        def fine(url): ...

        @shared_task(autoretry_for=(OSError,), retry_kwargs={"countdown": 5, "max_retries": 3})  # <- ACG106
        def with_a_countdown(url): ...

        @shared_task(autoretry_for=(LockNotOwnedError, ServerBusy), retry_kwargs={"countdown": 5})
        def waits_for_a_lock(url): ...

        OPTIONS = {"retry_backoff": True}

        @shared_task(autoretry_for=(OSError,), **OPTIONS)
        def with_unpacked(url): ...

        @shared_task
        def without_retries(): ...
    """
    planted("ACG106", {"shop.py": code})


def test_retries_by_hand(planted: Planted) -> None:
    code = """
        import requests
        from celery import shared_task
        from celery.exceptions import Retry
        from shop.locks import LockedElsewhere

        DOWN = (ConnectionError, KeyError)
        LOCKED = (LockedElsewhere, KeyError)

        @shared_task(bind=True)
        def bare(self):
            try:
                work()
            except Exception as error:
                raise self.retry(exc=error)  # <- ACG106

        @shared_task(bind=True)
        def by_its_arguments(self, messages, alone):
            try:
                work()
            except Exception as error:
                if len(messages) == 1 and not alone:
                    raise self.retry(exc=error)  # <- ACG106

        @shared_task(bind=True)
        def by_the_error(self, messages, error=None):
            try:
                work()
            except Exception as exc:
                if messages and exc.args:
                    raise self.retry(exc=exc, countdown=2**self.request.retries)

        @shared_task(bind=True)
        def swallowed(self):
            try:
                if not work():
                    self.retry(countdown=5)  # <- ACG106
            except Exception:
                print("failed")

        @shared_task(bind=True)
        def goes_on(self):
            if not work():
                self.retry(throw=False)  # <- ACG106
            print("after")

        @shared_task(bind=True)
        def fixed(self, url):
            try:
                work()
            except requests.Timeout as error:
                raise self.retry(exc=error, countdown=60)  # <- ACG106

        @shared_task(bind=True)
        def not_there_yet(self, pk):
            try:
                Row.objects.get(pk=pk)
            except (Row.DoesNotExist, ObjectDoesNotExist):
                raise self.retry(countdown=5)

        @shared_task(bind=True)
        def not_there_or_down(self, pk):
            try:
                Row.objects.get(pk=pk)
            except (Row.DoesNotExist, OperationalError):
                raise self.retry(countdown=5)  # <- ACG106

        @shared_task(bind=True)
        def fixed_and_alone(self):
            try:
                work()
            except requests.Timeout as error:
                raise self.retry(exc=error, countdown=60)

        @shared_task(bind=True)
        def has_not_arrived(self, pk):
            try:
                work()
            except ValueError as error:
                raise self.retry(exc=error)

        @shared_task(bind=True)
        def down(self, pk):
            try:
                work()
            except DOWN:
                raise self.retry()  # <- ACG106

        @shared_task(bind=True)
        def locked(self, pk):
            try:
                work()
            except LOCKED:
                raise self.retry(countdown=5)

        @shared_task(bind=True, max_retries=None)
        def told_when(self):
            try:
                work()
            except RateLimited as limit:
                raise self.retry(eta=limit.retry_at, exc=limit)

        @shared_task(
            bind=True,
            max_retries=None,  # <- ACG106
        )
        def told_nothing(self):
            try:
                work()
            except RateLimited as limit:
                raise self.retry(countdown=later(), exc=limit)

        @shared_task(bind=True)
        def polls(self):
            if not work():
                raise self.retry(countdown=60)

        @shared_task(bind=True)
        def narrow(self):
            try:
                work()
            except requests.Timeout as error:
                raise self.retry(exc=error, countdown=2 ** self.request.retries)

        @shared_task(bind=True)
        def let_through(self):
            try:
                if not work():
                    self.retry(countdown=5)
            except Retry:
                raise
            except Exception:
                print("failed")

        @shared_task(bind=True)
        def ends(self):
            if not work():
                return self.retry(throw=False)
            self.retry(throw=False)

        @shared_task(bind=True)
        def decides(self):
            try:
                work()
            except Exception as error:
                if is_temporary(error):
                    raise self.retry(exc=error)
                raise

        @shared_task(bind=True)
        def decides_by_settings(self):
            try:
                work()
            except Exception as error:
                if settings.DEBUG or app.conf["task_eager_propagates"]:
                    raise
                self.retry(exc=error, countdown=2 ** self.request.retries)  # <- ACG106

        @shared_task(bind=True)
        def decides_by_both(self):
            try:
                work()
            except Exception as error:
                if error.code in settings.FATAL:
                    raise
                self.retry(exc=error, countdown=2 ** self.request.retries)

        class Client:
            def retry(self):
                try:
                    return work()
                except Exception:
                    return self.retry()
    """
    planted("ACG106", {"shop.py": code})


def test_delays_that_do_not_grow(planted: Planted) -> None:
    code = """
        import random
        from datetime import timedelta
        from celery import shared_task
        from django.conf import settings
        from django.utils import timezone
        from shop.waits import PAUSE

        @shared_task(bind=True)
        def by_constant(self, pk):
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=PAUSE)  # <- ACG106

        @shared_task(bind=True)
        def by_setting(self, pk):
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=settings.RETRY_DELAY)  # <- ACG106

        @shared_task(bind=True)
        def by_default(self, pk):
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=self.default_retry_delay)  # <- ACG106

        @shared_task(bind=True)
        def by_eta(self, pk):
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, eta=timezone.now() + timedelta(minutes=5))  # <- ACG106

        @shared_task(bind=True)
        def at_random(self, pk):
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=random.randint(30, 90))

        @shared_task(bind=True)
        def grows(self, pk):
            delay = 30 * (self.request.retries + 1)
            try:
                work()
            except ConnectionError as error:
                raise self.retry(exc=error, countdown=delay)

        @shared_task(bind=True)
        def has_not_finished(self, pk):
            try:
                result()
            except (JobStillRunning, ServerNotFound, ClientRequest.DoesNotExist) as error:
                raise self.retry(exc=error, countdown=5)

        @shared_task(bind=True)
        def not_there_yet(self, pk):
            try:
                work()
            except HTTPError as error:
                if error.response.status_code == 404:
                    raise self.retry(exc=error, countdown=5)
                if error.response.status_code >= 500:
                    raise self.retry(exc=error, countdown=60)  # <- ACG106

        @shared_task(bind=True)
        def row_is_locked(self, pk):
            try:
                Row.objects.select_for_update(nowait=True).get(pk=pk)
            except OperationalError as error:
                raise self.retry(exc=error, countdown=5)
    """
    planted("ACG106", {"shop/__init__.py": "", "shop/waits.py": "PAUSE = 60\n", "shop/tasks.py": code})


def test_what_is_given_as_the_error(planted: Planted) -> None:
    code = """
        import traceback
        from celery import shared_task

        @shared_task(bind=True)
        def text(self, pk):
            try:
                work()
            except ValueError as error:
                raise self.retry(exc=str(error))  # <- ACG106

        @shared_task(bind=True)
        def formatted(self, pk):
            if not work():
                self.retry(exc=f"{pk} is not there", countdown=5)  # <- ACG106

        @shared_task(bind=True)
        def named(self, pk):
            try:
                work()
            except ValueError:
                reason = traceback.format_exc()
                raise self.retry(exc=reason)  # <- ACG106

        @shared_task(bind=True)
        def as_arguments(self, pk):
            try:
                work()
            except ValueError as error:
                raise self.retry(error)  # <- ACG106

        @shared_task(bind=True)
        def fine(self, pk, error):
            try:
                work()
            except ValueError as caught:
                if pk:
                    raise self.retry(exc=caught)
                raise self.retry(exc=ValueError(str(caught)))
            failure = ValueError("not there") if pk else None
            self.retry(exc=failure)
            self.retry(exc=error)
            self.retry(exc=ValueError)
            self.retry(exc=None)
            self.retry((pk, 1))
    """
    planted("ACG106", {"shop.py": code})


def test_options_without_a_retry(planted: Planted) -> None:
    code = """
        from celery import Task, current_task, shared_task
        from elsewhere import Base, handled
        from shop.helpers import careful, fetched, guarded, plain

        class Retrying(Task):
            def on_failure(self, error, task_id, args, kwargs, info):
                self.retry(exc=error)

        class Plain(Task):
            max_retries = 5

            def on_failure(self, error, task_id, args, kwargs, info):
                print(error)

        @shared_task(max_retries=5)  # <- ACG106
        def pull(url):
            "It is retried."
            work(url)

        @shared_task(
            bind=True,
            default_retry_delay=60,  # <- ACG106
        )
        def wait(self, url):
            plain(url)

        @shared_task(max_retries=5, base=Plain)  # <- ACG106
        def plainly(url):
            wait.delay(url)

        @shared_task(max_retries=0)
        def never(url):
            work(url)

        @shared_task(bind=True, max_retries=5)
        def by_hand(self, url):
            if not work(url):
                raise self.retry()

        @shared_task(max_retries=5)
        def by_its_name(url):
            if not work(url):
                by_its_name.retry()

        @shared_task(max_retries=5)
        @guarded
        def by_a_decorator(url):
            work(url)

        @shared_task(max_retries=5)
        def by_a_helper(url):
            careful(url)

        @shared_task(max_retries=5)  # <- ACG106
        def whose_helper_tries_http_again(url):
            fetched(url)
            retrieve(url)

        @shared_task(bind=True, max_retries=5)
        def by_what_it_is_given_to(self, url):
            handled(self, url)

        @shared_task(bind=True, max_retries=5)
        def counts(self, url):
            return self.request.retries

        @shared_task(max_retries=5, autoretry_for=(KeyError,))
        def by_itself(url):
            work(url)

        @shared_task(max_retries=5, base=Retrying)
        def by_its_class(url):
            work(url)

        @shared_task(max_retries=5, base=Base)
        def by_an_unknown_class(url):
            work(url)
    """
    helpers = """
        from celery import current_task
        from tenacity import retry

        def plain(url):
            print(url)

        @retry(tries=3)
        def fetched(url, retries=3):
            print(url, retries)

        def guarded(function):
            def run(url):
                try:
                    function(url)
                except ValueError as error:
                    current_task.retry(exc=error)
            return run

        def careful(url):
            inner(url)

        def inner(url):
            try:
                print(url)
            except ValueError as error:
                current_task.retry(exc=error)
    """
    planted("ACG106", {"shop/__init__.py": "", "shop/helpers.py": helpers, "shop/tasks.py": code})


def test_what_takes_a_retry(planted: Planted) -> None:
    code = """
        from celery import shared_task
        from celery.exceptions import MaxRetriesExceededError, Retry

        @shared_task(bind=True)
        def twice(self):
            try:
                if not work():
                    raise self.retry(countdown=5)  # <- ACG106
            except Exception as error:
                raise self.retry(exc=error)  # <- ACG106

        @shared_task(bind=True)
        def within(self):
            try:
                try:
                    work()
                except KeyError as error:
                    raise self.retry(exc=error)  # <- ACG106
            except Exception:
                print("failed")

        @shared_task(bind=True)
        def counts_first(self):
            try:
                work()
            except Exception as error:
                if self.request.retries < self.max_retries:
                    raise self.retry(exc=error)  # <- ACG106
                print("failed")

        @shared_task(bind=True)
        def gives_up(self):
            try:
                work()
            except Exception as error:
                try:
                    raise self.retry(exc=error)  # <- ACG106
                except MaxRetriesExceededError:
                    print("failed")
                    raise

        @shared_task(bind=True)
        def looks_at_it(self):
            try:
                if not work():
                    raise self.retry(countdown=5)
            except Exception as error:
                if isinstance(error, Retry):
                    raise
                print("failed")

        @shared_task(bind=True)
        def decides_and_counts(self):
            try:
                work()
            except Exception as error:
                if is_temporary(error) and self.request.retries < 3:
                    raise self.retry(exc=error)
                print("failed")

        @shared_task(bind=True, max_retries=None)
        def counts_itself(self):
            attempt = self.request.retries
            try:
                work()
            except KeyError as error:
                if attempt > 5:
                    return
                raise self.retry(exc=error)

        @shared_task(
            bind=True,
            max_retries=None,  # <- ACG106
        )
        def grows_without_end(self):
            try:
                work()
            except KeyError as error:
                raise self.retry(exc=error, countdown=min(2**self.request.retries, 600))
    """
    planted("ACG106", {"shop.py": code})


def test_bases_of_well_known_distributions_retry_nothing(planted: Planted) -> None:
    task = """
        from celery import shared_task
        from {library} import {base}

        @shared_task(base={base}, max_retries=3){mark}
        def work(url):
            fetch(url)
    """
    planted("ACG106", {"shop.py": task.format(library="celery_singleton", base="Singleton", mark="  # <- ACG106")})
    planted("ACG106", {"shop.py": task.format(library="company.tasks", base="Steady", mark="")})
