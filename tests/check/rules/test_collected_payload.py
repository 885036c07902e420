"""ACG112 where a list comes through several assignments, loops or functions before it is sent."""

from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]

MODELS = """
    from django.db import models

    class User(models.Model): ...
    class Order(models.Model): ...
    class CompanyInvoice(models.Model): ...
    class CorporationAudit(models.Model): ...
"""
SHOP = {"shop/__init__.py": "", "shop/models.py": MODELS}


def test_lists_that_are_assigned_again_and_filled(planted: Planted) -> None:
    code = """
        import csv
        import requests
        from datetime import timedelta
        from celery import chord, group, shared_task
        from django.utils import timezone
        from shop.models import CompanyInvoice, CorporationAudit, Order, User

        @shared_task
        def news(ids): ...

        def filtered(skip, given, late):
            ids = list(User.objects.values_list("pk", flat=True))
            ids = [pk for pk in ids if pk not in skip]
            news.delay(ids)  # <- ACG112
            if late:
                some = list(User.objects.filter(active=True).values_list("pk", flat=True))
            else:
                some = given
            news.delay(some)  # <- ACG112

        def filled():
            ids, by_name, seen = [], {}, set()
            for user in User.objects.all():
                ids.append(user.pk)
                seen.add(user.pk)
                by_name[user.name] = user.pk
            news.delay(ids)  # <- ACG112
            news.delay(list(seen))  # <- ACG112
            news.delay(by_name)  # <- ACG112
            for pk in ids:
                news.delay(pk)  # <- ACG112

        def narrowed(city, reach):
            news.delay([user.pk for user in User.objects.all() if user.city == city])
            near = []
            for user in User.objects.all():
                if distance(user) <= reach:
                    near.append(user.pk)
            news.delay(near)
            paying = [user.pk for user in User.objects.all() if user.paid > 0]
            news.delay(paying)  # <- ACG112

        def pages(late, size):
            ids = list(User.objects.values_list("pk", flat=True))
            if late:
                ids = ids[:100]
            news.delay(ids)
            for start in range(0, len(ids), size):
                page = ids[start : start + size]
                news.delay(page)

        def batches(size):
            batch = []
            for user in User.objects.all():
                batch.append(user.pk)
                if len(batch) >= size:
                    news.delay(batch)
                    batch = []
            news.delay(batch)

        def sent_when_full(send):
            batch = []
            for user in User.objects.all():
                batch.append(user.pk)
                if len(batch) == 100:
                    send(batch)
                    batch.clear()
            news.delay(batch)

        def first_ones():
            ids = []
            for user in User.objects.all():
                ids.append(user.pk)
                if user.last:
                    break
            news.delay(ids)

        def of_all(given):
            ids = list(User.objects.filter(active=True).values_list("pk", flat=True))
            for order in Order.objects.filter(user_id__in=ids):
                news.delay(order.pk)  # <- ACG112
            for order in Order.objects.filter(user_id__in=given):
                news.delay(order.pk)
            for given in Order.objects.filter(user_id__in=given):
                news.delay(given.pk)

        def in_groups(given):
            sent = [news.si(user.pk) for user in User.objects.all()]  # <- ACG112
            group(sent).delay()
            more = []
            for user in User.objects.filter(active=True):
                more.append(news.si(user.pk))  # <- ACG112
            chord(more)(news.si(0))
            kept = [news.si(user.pk) for user in User.objects.all()]
            some = [news.si(pk) for pk in given]
            group(some).delay()

        def added_at_once(given):
            ids = set()
            ids.update(User.objects.values_list("pk", flat=True))
            ids.update(given)
            news.delay(list(ids))  # <- ACG112
            names = []
            names.extend(given)
            news.delay(names)

        def due():
            cutoff = timezone.now() - timedelta(minutes=5)
            for order in Order.objects.filter(status="new", created__lt=cutoff):
                news.delay(order.pk)

        def one_for_each_tenant():
            for audit in CorporationAudit.objects.all():
                news.delay(audit.pk)
            for invoice in CompanyInvoice.objects.all():
                news.delay(invoice.pk)  # <- ACG112

        def rows_of_a_file(path, request):
            rows = [row for row in csv.DictReader(path)]
            news.delay(rows)  # <- ACG112
            lines = open(path).read().decode("utf-8").splitlines()
            news.delay(lines)  # <- ACG112
            cells = []
            for row in sheet.iter_rows():
                cells.append(row[0].value)
            news.delay(cells)  # <- ACG112
            names = [part["name"] for part in requests.get("https://a").json()]
            news.delay(names)

        def of_something_else(names):
            ids = []
            for name in names:
                ids.append(name)
            for user in User.objects.all():
                names.append(user)
            news.delay(ids)
    """
    planted("ACG112", {**SHOP, "shop/news.py": code})


def test_lists_that_functions_return(planted: Planted) -> None:
    rows = """
        from functools import cache
        from shop.models import User

        def active_ids():
            users = User.objects.filter(active=True)
            return [user.pk for user in users]

        def ids_of(group):
            return list(User.objects.filter(group=group).values_list("pk", flat=True))

        @cache
        def decorated():
            return list(User.objects.values_list("pk", flat=True))

        class Finder:
            def everyone(self):
                return User.objects.all()

            def page(self):
                return User.objects.all()[:100]
    """
    code = """
        from celery import shared_task
        from shop import rows

        @shared_task
        def news(ids): ...

        def send(group):
            news.delay(rows.active_ids())  # <- ACG112
            ids = rows.active_ids()
            news.delay(ids)  # <- ACG112
            for user in rows.Finder().everyone():
                news.delay(user.pk)  # <- ACG112
            for user in rows.Finder().page():
                news.delay(user.pk)
            news.delay(rows.ids_of(group))
            news.delay(rows.decorated())
    """
    planted("ACG112", {**SHOP, "shop/rows.py": rows, "shop/news.py": code})


def test_queries_of_sqlalchemy_2(planted: Planted) -> None:
    code = """
        from celery import shared_task
        from sqlalchemy import select
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase): ...

        class User(Base):
            __tablename__ = "user"

        @shared_task
        def news(ids): ...

        async def send(session, group, plan):
            users = (await session.execute(select(User).where(User.active == True))).scalars().all()
            for user in users:
                news.delay(user.id)  # <- ACG112
            query = select(User.id)
            ids = session.scalars(query).all()
            news.delay(ids)  # <- ACG112
            news.delay([row.id for row in session.execute(query).fetchall()])  # <- ACG112
            mine = session.scalars(select(User.id).where(User.group_id == group)).all()
            news.delay(mine)
            for user in session.scalars(select(User).limit(100)):
                news.delay(user.id)
            for line in session.scalars(plan):
                news.delay(line)
    """
    planted("ACG112", {**SHOP, "shop/news.py": code})


def test_models_that_are_variables_and_rows_that_are_yielded(planted: Planted) -> None:
    code = """
        from celery import shared_task
        from rest_framework.serializers import ModelSerializer
        from shop.models import Order

        @shared_task
        def ship(pk): ...

        class OrderSerializer(ModelSerializer): ...

        def all_rows():
            yield from Order.objects.all()

        def one_row(pk):
            yield from Order.objects.filter(pk=pk)

        def every(models, model, thing, queryset):
            for model in models:
                for row in model.objects.all():
                    ship.delay(row.pk)  # <- ACG112
                for row in model.objects.all()[:10]:
                    ship.delay(row.pk)
            for row in thing.objects.all():
                ship.delay(row.pk)
            for row in all_rows():
                ship.delay(row.pk)  # <- ACG112
            for row in one_row(1):
                ship.delay(row.pk)
            for row in Order.objects.all():
                if row.day == thing.today():
                    ship.delay(row.pk)
            for row in Order.objects.all():
                if row.status == Order.PAID and row.day != thing.today():
                    ship.delay(row.pk)  # <- ACG112
            for row in queryset.filter(sent=False):
                ship.delay(row.pk)
            given = OrderSerializer(Order.objects.get(pk=1))
            ship.delay(given.data)  # <- ACG112
            ship.delay(thing.data)

        def chosen(admin, request, queryset):
            for row in queryset.exclude(sent=True):
                ship.delay(row.pk)
    """
    planted("ACG112", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/code.py": code})


def test_a_session_of_any_name(planted: Planted) -> None:
    planted(
        "ACG112",
        {
            "shop.py": """
                from celery import shared_task
                from sqlalchemy.orm import declarative_base, sessionmaker

                class User(declarative_base()):
                    __tablename__ = "users"

                @shared_task
                def greet(key): ...

                @shared_task
                def greet_all():
                    db = sessionmaker()()
                    for user in db.query(User).all():
                        greet.delay(user.id)  # <- ACG112
                    for user in db.query(User).limit(10):
                        greet.delay(user.id)
            """
        },
    )
