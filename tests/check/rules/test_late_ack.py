from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]


def test_effects_that_a_redelivery_repeats(planted: Planted) -> None:
    code = """
        import requests
        from celery import Celery, Task, shared_task
        from django.core.mail import send_mail

        app = Celery("shop")

        class Late(Task):
            acks_late = True

        @shared_task(acks_late=True)
        def charge(pk):
            requests.post("https://pay", json={"pk": pk})  # <- ACG108

        @shared_task(base=Late)
        def mail(pk):
            send_mail("subject", "text", None, [])  # <- ACG108

        @shared_task(acks_late=True)
        def with_key(pk):
            requests.post("https://pay", headers={"Idempotency-Key": str(pk)})

        @shared_task(acks_late=True)
        def with_guard(pk):
            order = load(pk)
            if order.charged_already:
                return
            requests.post("https://pay", json={"pk": pk})

        @shared_task
        def early(pk):
            requests.post("https://pay", json={"pk": pk})

        @shared_task(acks_late=True)
        def reads(pk):
            return requests.get("https://pay")
    """
    planted("ACG108", {"shop.py": code})


def test_late_acks_from_the_configuration(planted: Planted) -> None:
    code = """
        import httpx
        from celery import Celery
        app = Celery("shop")
        app.conf.task_acks_late = True

        @app.task
        def charge(pk):
            httpx.post("https://pay", json={"pk": pk})  # <- ACG108

        @app.task(acks_late=False)
        def early(pk):
            httpx.post("https://pay", json={"pk": pk})
    """
    planted("ACG108", {"shop.py": code})
