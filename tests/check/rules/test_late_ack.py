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


def test_what_comes_before_the_effect_and_what_after(planted: Planted) -> None:
    sending = """
        import requests

        def pay(order):
            requests.post("https://pay", json={"pk": order.pk})

        def pay_once(order):
            if not order.charged_already:
                requests.post("https://pay", json={"pk": order.pk})

        def through(order):
            pay(order)
    """
    code = """
        import smtplib
        import stripe
        from celery import shared_task
        from shop.sending import pay, pay_once, through

        @shared_task(acks_late=True)
        def noted_afterwards(order):
            stripe.Charge.create(amount=order.total)  # <- ACG108
            order.status = "sent"

        @shared_task(acks_late=True)
        def mails(order):
            with smtplib.SMTP("mail") as server:
                server.send_message(order.text)  # <- ACG108

        @shared_task(acks_late=True)
        def looked_before(order):
            if order.status == "new":
                stripe.Charge.create(amount=order.total)

        @shared_task(acks_late=True)
        def by_another(order):
            through(order)  # <- ACG108

        @shared_task(acks_late=True)
        def by_another_that_looks(order):
            pay_once(order)

        @shared_task(acks_late=True)
        def by_another_after_a_look(order):
            if order.status == "new":
                pay(order)
    """
    planted("ACG108", {"shop/__init__.py": "", "shop/sending.py": sending, "shop/tasks.py": code})


def test_effects_of_clients_of_services(planted: Planted) -> None:
    planted(
        "ACG108",
        {
            "shop.py": """
                import asyncio
                import httpx
                from celery import shared_task
                from twilio.rest import Client

                async def post(url):
                    async with httpx.AsyncClient() as client:
                        await client.post(url)

                async def get(url):
                    async with httpx.AsyncClient() as client:
                        await client.get(url)

                @shared_task(acks_late=True)
                def hook(url):
                    asyncio.run(post(url))  # <- ACG108

                @shared_task(acks_late=True)
                def text(number):
                    Client().messages.create(to=number)  # <- ACG108

                @shared_task(acks_late=True)
                def look(url):
                    asyncio.run(get(url))
                    Client().messages.list()
            """
        },
    )
