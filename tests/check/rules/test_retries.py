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

        @shared_task(autoretry_for=(OSError, TimeoutError), retry_backoff=2, max_retries=5)
        def fine(url): ...

        @shared_task(autoretry_for=(OSError,), retry_kwargs={"countdown": 5, "max_retries": 3})
        def with_a_countdown(url): ...

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

        LOCKED = (LockedElsewhere, KeyError)

        @shared_task(bind=True)
        def bare(self):
            try:
                work()
            except Exception as error:
                raise self.retry(exc=error)  # <- ACG106

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
        def locked(self, pk):
            try:
                work()
            except LOCKED:
                raise self.retry()  # <- ACG106

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

        class Client:
            def retry(self):
                try:
                    return work()
                except Exception:
                    return self.retry()
    """
    planted("ACG106", {"shop.py": code})
