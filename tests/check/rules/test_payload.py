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

        def view(request):
            news.delay(request.body)  # <- ACG112

        def fine(pk, group, names):
            for user in User.objects.filter(beta=True):
                news.delay(user.pk)
            news.delay(list(User.objects.values_list("pk", flat=True)[:100]))
            ids = list(User.objects.values_list("pk", flat=True))
            for start in range(0, len(ids), 100):
                news.delay(ids[start : start + 100])
            for user in User.objects.filter(group_id=pk):
                news.delay(user.pk)
            for user in User.objects.all()[:50]:
                news.delay(user.pk)
            enabled = User.objects.filter(beta=True)
            keys = enabled.values_list("pk", flat=True)
            for key in keys:
                news.delay(key)
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
