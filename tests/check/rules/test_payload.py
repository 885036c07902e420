from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]


def test_what_grows_with_the_data(planted: Planted) -> None:
    code = """
        import base64
        import requests
        from celery import shared_task
        from shop.models import User

        @shared_task
        def news(ids): ...

        def send(pk, path, group):
            news.delay(list(User.objects.values_list("pk", flat=True)))  # <- ACG112
            news.delay([user.pk for user in User.objects.filter(active=True)])  # <- ACG112
            ids = list(User.objects.all().values_list("pk", flat=True))
            news.delay(ids)  # <- ACG112
            news.delay(open(path).read())  # <- ACG112
            page = requests.get("https://a")
            news.delay(page.text)  # <- ACG112
            news.delay(base64.b64encode(open(path, "rb").read()))  # <- ACG112
            for user in User.objects.all():
                news.delay(user.pk)  # <- ACG112

            everyone = User.objects.all()
            pks = everyone.values_list("pk", flat=True)
            for key in pks:
                news.delay(key)  # <- ACG112

            for user in User.objects.filter(beta=True):
                news.delay(user.pk)  # <- ACG112
            enabled = User.objects.filter(beta=True)
            keys = enabled.values_list("pk", flat=True)
            for key in keys:
                news.delay(key)  # <- ACG112

        def view(request):
            news.delay(request.body)  # <- ACG112

        def fine(pk, group, names):
            news.delay(list(User.objects.values_list("pk", flat=True)[:100]))
            ids = list(User.objects.values_list("pk", flat=True))
            for start in range(0, len(ids), 100):
                news.delay(ids[start : start + 100])
            for user in User.objects.filter(group_id=pk):
                news.delay(user.pk)
            for user in User.objects.all()[:50]:
                news.delay(user.pk)
            of_the_group = User.objects.filter(group=group)
            news.delay(list(of_the_group.values_list("pk", flat=True)))
            changing = User.objects.all()
            changing = changing.order_by("pk")[:50]
            for user in changing:
                news.delay(user.pk)
            for name in names:
                news.delay(name)
            for user in User.objects.all():
                print(user)
            news.delay([1, 2, 3])
            news.delay(User.objects.count())
    """
    models = """
        from django.db import models

        class User(models.Model): ...
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/models.py": models, "shop/news.py": code})


MODELS = """
    from django.db import models

    class Order(models.Model): ...
    class Cart(models.Model): ...
    class Job(models.Model): ...
    class Organization(models.Model): ...
    class Webhook(models.Model): ...
    class User(models.Model): ...
    class Article(models.Model):
        title = models.TextField()
        body = models.TextField()
        summary = models.CharField(max_length=100)
        text = models.TextField(max_length=100)
        payload = models.JSONField()
        file_content_b64 = models.TextField()
        options = models.JSONField()
        image = models.BinaryField()
"""


def test_a_message_for_each_row(planted: Planted) -> None:
    code = """
        from celery import chord, group, shared_task
        from django.db.models import Q
        from django.utils import timezone
        from shop.models import Cart, Job, Order, Organization, User, Webhook

        @shared_task
        def ship(pk): ...

        def send_one(order):
            ship.delay(order.pk)  # <- ACG112

        def send(cutoff, customer, newsletter, order, filters, batches, session):
            for order in Order.objects.filter(status="paid"):
                ship.delay(order.pk)  # <- ACG112
            for order in Order.objects.filter(status__in=[Status.PAID.value, "new"]).exclude(pk=1).iterator():
                ship.apply_async((order.pk,))  # <- ACG112
            for order in Order.objects.filter(Q(status="paid") | Q(created__lt=cutoff)):
                ship.delay(order.pk)  # <- ACG112
            [ship.delay(order.pk) for order in Order.objects.filter(created__lt=cutoff)]  # <- ACG112
            for order in Order.objects.exclude(status="new"):
                if order.express:
                    ship.apply_async((order.pk,), priority=9)  # <- ACG112
                else:
                    ship.delay(order.pk)
            for number, pk in enumerate(list(Order.objects.filter(paid=False).values_list("pk", flat=True))):
                ship.delay(pk)  # <- ACG112
            orders = [order.pk for order in Order.objects.filter(shipped_at__isnull=True) if order]
            for pk in sorted(orders):
                ship.delay(pk)  # <- ACG112
            for pk, order in Order.objects.in_bulk().items():
                ship.delay(pk)  # <- ACG112
            for reader in newsletter.subscribers.filter(active=True):
                ship.delay(reader.pk)  # <- ACG112
            for user in session.query(User).filter(User.active == True).all():
                ship.delay(user.pk)  # <- ACG112
            for order in Order.objects.all():
                send_one(order)
            for order in Order.objects.filter(status=Order.States.Paid):
                ship.delay(order.pk)  # <- ACG112
            for order in chain(Order.objects.filter(paid=False), Article.objects.all()):
                ship.delay(order.pk)  # <- ACG112
            group(ship.s(order.pk) for order in Order.objects.all())()  # <- ACG112
            chord([ship.si(order.pk) for order in Order.objects.filter(paid=False)])(done.s())  # <- ACG112

            for order in Order.objects.filter(customer=customer):
                ship.delay(order.pk)
            for order in Order.objects.filter(status=customer.status):
                ship.delay(order.pk)
            group(ship.s(line.pk) for line in order.lines.all())()
            group([ship.s(order.pk) for order in Order.objects.all()[:100]])()
            show([ship.s(order.pk) for order in Order.objects.all()])
            for order in Order.objects.filter(status="paid", customer__user_id=1):
                ship.delay(order.pk)
            for order in Order.objects.filter(Q(customer=customer)):
                ship.delay(order.pk)
            for order in Order.objects.filter(**filters):
                ship.delay(order.pk)
            for order in Order.objects.filter(ship_at__lte=timezone.now()):
                ship.delay(order.pk)
            for order in list(Order.objects.filter(status="paid")[:100]):
                ship.delay(order.pk)
            for line in order.lines.all():
                ship.delay(line.pk)
            for cart in Cart.objects.filter(enabled=True):
                ship.delay(cart.pk)
            for hook in Webhook.objects.all():
                ship.delay(hook.pk)
            for tenant in Organization.objects.filter(status="paid"):
                ship.delay(tenant.pk)
            for job in Job.objects.filter(active=1):
                ship.delay(job.pk)
            for admin in User.objects.filter(is_superuser=True):
                ship.delay(admin.pk)
            for user in session.query(User).filter(User.name == customer).all():
                ship.delay(user.pk)
            for user in session.query(User).filter(User.active == True).limit(100):
                ship.delay(user.pk)
            for batch in batches(Order.objects.all(), 100):
                ship.delay([order.pk for order in batch])
            for order in Order.objects.filter(status="paid"):
                ship.delay(order.pk)
                break
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/orders.py": code})


def test_documents(planted: Planted) -> None:
    code = """
        import base64
        import json
        import pandas
        from pathlib import Path
        from celery import shared_task
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from django.forms.models import model_to_dict
        from rest_framework.views import APIView
        from shop.models import Article, User

        @shared_task
        def index(document, **more): ...

        def view(request, client, day):
            index.delay({"body": request.body})  # <- ACG112
            index.delay(json.loads(request.body))  # <- ACG112
            index.delay(request.POST.dict())  # <- ACG112
            index.delay(document=[request.data])  # <- ACG112
            posted = json.loads(request.body)
            index.delay(posted["image"])  # <- ACG112
            index.delay(request.data.get("document"))  # <- ACG112
            index.delay(posted["name"], day.get("image"))
            index.delay(request.FILES["scan"].read())  # <- ACG112
            index.delay(base64.b64encode(request.FILES.get("scan").read()).decode())  # <- ACG112
            response = client.get("/")
            index.delay(response.json())  # <- ACG112
            index.delay({"page": response.text})  # <- ACG112
            frame = pandas.read_csv("rows.csv")
            index.delay(frame.to_json())  # <- ACG112
            index.delay(Path("a").read_text())  # <- ACG112
            index.delay(model_to_dict(Article.objects.get(pk=1)))  # <- ACG112
            index.delay(ArticleSerializer(day).data)  # <- ACG112
            message = {"id": day, "body": request.body}  # <- ACG112
            index.apply_async(kwargs=message)
            data = day
            if not data:
                data = request.data
            data = json.loads(data)
            index.delay(data)  # <- ACG112
            if day:
                data = request.POST.get("day")
            data = {"day": day}
            index.delay(data)
            positions = (day, request.body)  # <- ACG112
            index.apply_async(args=positions)
            index.delay(day, **{"more": request.body})  # <- ACG112
            index.delay(day, **{"x": 1})

            index.delay(request.data["id"])
            index.delay({"id": request.POST.get("id"), "agent": request.headers})
            index.delay(response.json()["id"])
            index.delay(response.status_code)
            index.delay(day.strftime("%d").encode().decode())
            index.delay(base64.b64encode(day))
            index.delay(json.dumps({"id": 1}))
            index.delay(frame.shape)
            index.delay(ArticleSerializer(day).data["id"])
            index.delay(day.to_dict())
            return response

        class Articles(APIView):
            async def post(self, request):
                index.delay(await request.json())  # <- ACG112
                index.delay(self.request.data)  # <- ACG112
                index.delay(self.request.user.pk)

        def rows(pk, given: Article):
            article = Article.objects.get(pk=pk)
            index.delay(article.body)  # <- ACG112
            index.delay(article.file_content_b64)  # <- ACG112
            for one in list(Article.objects.filter(section=key)):
                index.delay(one.body)  # <- ACG112
            index.delay({"pk": pk, "payload": article.payload})  # <- ACG112
            index.delay(given.image)  # <- ACG112
            for each in Article.objects.filter(author=pk):
                index.delay(each.body.strip())  # <- ACG112
            index.delay(article.title)
            index.delay(article.summary)
            index.delay(article.text)
            index.delay(article.options)
            index.delay(article.pk)

        @receiver(post_save, sender=Article)
        def saved(sender, instance, **kwargs):
            index.delay(instance.body)  # <- ACG112
            index.delay(instance.pk)

        def lists(group):
            filled = []
            for user in User.objects.filter(beta=True):
                filled.append(user.pk)
            index.delay(filled)  # <- ACG112
            index.delay(",".join(str(user.pk) for user in User.objects.all()))  # <- ACG112
            index.delay({user.pk: user.name for user in User.objects.all()})  # <- ACG112
            index.delay({"users": list(User.objects.values_list("pk", flat=True))})  # <- ACG112
            page = []
            for user in User.objects.filter(beta=True):
                page.append(user.pk)
                if len(page) == 100:
                    index.delay(page)
                    page = []
            of_group = []
            for user in User.objects.filter(group=group):
                of_group.append(user.pk)
            index.delay(of_group)
            index.delay(list(User.objects.filter(is_staff=True).values_list("email", flat=True)))

        def store(document):
            index.delay(document)  # <- ACG112

        def store_key(document):
            index.delay(document)

        def upload(request, response):
            store(request.body)
            store_key(request.POST["key"])
            return response
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/articles.py": code})


def test_records_of_an_answer_and_files_of_a_form(planted: Planted) -> None:
    planted(
        "ACG112",
        {
            "shop/__init__.py": "",
            "shop/tasks.py": """
                import requests
                from celery import shared_task

                @shared_task
                def store(*rows): ...

                @shared_task
                def fetch(url):
                    response = requests.get(url, timeout=5)
                    store.delay(response.json()["records"])  # <- ACG112
                    store.delay(response.json()["token"], response.json().get("count"))
            """,
            "shop/views.py": """
                from django.views.generic import FormView
                from shop.tasks import store

                class Import(FormView):
                    def form_valid(self, form):
                        store.delay(form.cleaned_data["csv_file"].read().decode())  # <- ACG112
                        upload = self.request.POST["csv"]
                        store.delay([line.split(",") for line in upload.read().split()])  # <- ACG112
                        store.delay(form.cleaned_data["name"], form.cleaned_data["csv_file"].name)
                        return super().form_valid(form)
            """,
        },
    )


def test_bodies_that_were_validated_rows_that_were_serialized_and_chunks(planted: Planted) -> None:
    code = """
        from celery import shared_task
        from django.core import serializers
        from shop.forms import OrderSerializer
        from shop.models import User

        @shared_task
        def store(data, more=None): ...

        def view(request):
            serializer = OrderSerializer(data=request.data)
            serializer.is_valid()
            store.delay(serializer.validated_data)  # <- ACG112
            store.delay(serializer.validated_data["number"])
            validated = serializer.validated_data
            store.delay({"order": validated})  # <- ACG112
            store.delay(validated.get("number"), request.user.validated_data)

        def nightly(ids, form):
            store.delay(serializers.serialize("json", User.objects.filter(pk__in=ids)))  # <- ACG112
            store.delay(form.serialize("json"))
            store.chunks([(key,) for key in User.objects.values_list("pk", flat=True)], 20).apply_async()  # <- ACG112
            store.map(User.objects.values_list("pk", flat=True)).delay()  # <- ACG112
            store.chunks([(key,) for key in User.objects.values_list("pk", flat=True)[:100]], 20).apply_async()
            store.chunks([(key,) for key in ids], 20).apply_async()
            ids.map(User.objects.values_list("pk", flat=True))
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/views.py": code})


def test_bodies_that_a_route_is_given(planted: Planted) -> None:
    code = """
        from typing import Annotated
        from fastapi import APIRouter, Body, Depends
        from shop.schemas import Order, Settings, User, user
        from shop.nightly_tasks import store

        router = APIRouter()

        CurrentUser = Annotated[User, Depends(user)]

        @router.post("/orders")
        async def create(order: Order, me: CurrentUser, raw: dict = Body(...), settings: Settings = Depends(Settings)):
            store.apply_async(args=[order.model_dump()])  # <- ACG112
            data = order.dict()
            store.delay(data)  # <- ACG112
            store.delay(raw)  # <- ACG112
            store.delay(raw["number"])
            store.delay(order.model_dump(include={"number"}))
            store.delay(order.number, settings.model_dump(), me.model_dump())
            message = Order(number=order.number)
            store.delay(message.model_dump())

        @router.get("/orders")
        async def find(filters: Order):
            store.delay(filters.model_dump())

        def elsewhere(order: Order, raw: dict):
            store.delay(order.model_dump(), raw)
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/views.py": code})


def test_rows_of_models_that_none_can_see(planted: Planted) -> None:
    code = """
        from sqlalchemy import select
        from sqlmodel import SQLModel
        from elsewhere.models import User
        from elsewhere.schemas import Kind
        from shop.tasks import news

        class Customer(SQLModel, table=True):
            id: int

        class CustomerRead(SQLModel):
            id: int

        def nightly(db, group):
            for user in db.query(User).filter(User.is_active.is_(True)).all():
                news.delay(user.id)  # <- ACG112
            for user in db.scalars(select(User)):
                news.delay(user.id)  # <- ACG112
            for customer in db.exec(select(Customer)).all():
                news.delay(customer.id)  # <- ACG112

        def fine(db, group):
            for user in db.query(User).filter(User.group_id == group).all():
                news.delay(user.id)
            for user in db.query(User).limit(10):
                news.delay(user.id)
            for kind in db.query(Kind).all():
                news.delay(kind.id)
            for customer in db.exec(select(CustomerRead)).all():
                news.delay(customer.id)
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/views.py": code})
