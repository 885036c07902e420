from collections.abc import Callable

Planted = Callable[[str, dict[str, str]], None]


def test_module_state_in_a_task(planted: Planted) -> None:
    code = """
        from collections import defaultdict
        from celery import shared_task

        SEEN = set()
        COUNTS: dict[str, int] = defaultdict(int)
        ROWS = []
        total = 0
        client = None
        LIMITS = {"a": 1}
        CACHE = {}

        @shared_task
        def remembers(pk):
            SEEN.add(pk)  # <- ACG107
            COUNTS["x"] += 1  # <- ACG107
            ROWS.append(pk)  # <- ACG107

        @shared_task
        def counts():
            global total
            total += 1  # <- ACG107

        @shared_task
        def connects():
            global client
            if client is None:
                client = connect()
            return client

        def load():
            if not hasattr(load, "rows"):
                load.rows = read()
            return load.rows

        @shared_task
        def loads():
            return load()

        @shared_task
        def reads():
            ROWS = []
            ROWS.append(LIMITS["a"])
            LIMITS.get("b")
            return ROWS

        @shared_task
        def memo(key):
            if key not in CACHE:
                CACHE[key] = load(key)
            return CACHE[key]

        def plain(pk):
            SEEN.add(pk)
    """
    planted("ACG107", {"shop.py": code})


def test_paths_of_this_machine(planted: Planted) -> None:
    code = """
        import os
        import tempfile
        from celery import shared_task

        @shared_task
        def convert(path): ...

        def uploads(upload, storage):
            with tempfile.NamedTemporaryFile(delete=False) as file:
                convert.delay(file.name)  # <- ACG107
            folder = tempfile.mkdtemp()
            name = os.path.join(folder, "x.pdf")
            convert.delay(name)  # <- ACG107
            convert.delay(os.path.split(name)[0])  # <- ACG107
            convert.delay(os.path.dirname(name))  # <- ACG107
            convert.delay(os.path.split(name)[1])
            convert.delay(os.path.basename(name))
            convert.delay("/tmp/upload.pdf")  # <- ACG107
            convert.delay(storage.save(upload))
            convert.delay(upload.name)
            convert.delay("https://files/tmp/upload.pdf")
    """
    planted("ACG107", {"shop.py": code})


def test_state_of_classes_and_of_other_modules(planted: Planted) -> None:
    state = """
        import threading
        # for Celery

        SEEN = set()
        TOTAL = 0
        REGISTRY = {}
        local = threading.local()

        class Stats:
            count = 0
            items = []

        def register(name, function):
            REGISTRY[name] = function
    """
    code = """
        import heapq
        import itertools
        from collections import deque
        from celery import Task, shared_task
        from shop import state
        from shop.state import SEEN, Stats, local, register

        QUEUE = deque(maxlen=3)
        HEAP = []
        COUNTER = itertools.count()
        register("x", print)

        @shared_task
        def work(pk):
            SEEN.add(pk)  # <- ACG107
            state.SEEN.add(pk)  # <- ACG107
            state.TOTAL += 1  # <- ACG107
            Stats.count += 1  # <- ACG107
            Stats.items.append(pk)  # <- ACG107
            QUEUE.append(pk)  # <- ACG107
            heapq.heappush(HEAP, pk)  # <- ACG107
            return next(COUNTER)  # <- ACG107

        class Counting(Task):
            runs = 0
            seen = []
            _db = None

            @property
            def db(self):
                if self._db is None:
                    self._db = connect()
                return self._db

            def run(self, pk):
                self.runs += 1  # <- ACG107
                self.seen.append(pk)  # <- ACG107
                if not hasattr(self, "first"):
                    self.first = 0
                self.first += 1  # <- ACG107
                self.here = 0
                self.here += 1
                self.errors = []
                self.errors.append(pk)
                self.db.execute(pk)

        @shared_task(bind=True, base=Counting)
        def bound(self, pk):
            self.runs += 1  # <- ACG107
            self.request.callbacks.append(pk)
            local.pk = pk
            def inner(): ...
            inner.calls = 1
            limits = dict(state.REGISTRY)
            limits["b"] = 2
    """
    planted("ACG107", {"shop/__init__.py": "", "shop/state.py": state, "shop/tasks.py": code})


def test_caches_clients_and_what_only_looks_like_them(planted: Planted) -> None:
    code = """
        import time
        from functools import lru_cache
        from celery import shared_task

        CACHE = {}
        LAST = {}
        RATES = {}
        running = False
        last_run = None
        ready = False

        @shared_task
        def looks_with_get(key):
            value = CACHE.get(key)
            if value is None:
                value = CACHE[key] = load(key)
            return value

        @shared_task
        def looks_with_not(key):
            if not CACHE.get(key):
                CACHE[key] = load(key)
            return CACHE.get(key)

        @shared_task
        def looks_with_try(key):
            try:
                return CACHE[key]
            except KeyError:
                CACHE[key] = load(key)
            return CACHE[key]

        @shared_task
        def looks_first(key):
            if key in CACHE:
                return CACHE[key]
            value = load(key)
            CACHE[key] = value
            return value

        @lru_cache
        def remembered(key):
            return load(key)

        @shared_task
        def set_up_once():
            global ready
            remembered(1)
            if not ready:
                set_up()
                ready = True

        @shared_task
        def compares(key, value):
            if LAST.get(key) != value:
                LAST[key] = value  # <- ACG107

        @shared_task
        def refresh():
            for key, value in fetch():
                RATES[key] = value  # <- ACG107

        @shared_task
        def alone():
            global running
            if running:
                return
            running = True  # <- ACG107
            work()
            running = False

        @shared_task
        def seldom():
            global last_run
            if last_run and time.time() - last_run < 60:
                return
            last_run = time.time()  # <- ACG107
    """
    planted("ACG107", {"shop.py": code})


def test_state_that_a_function_changes_which_a_task_calls(planted: Planted) -> None:
    helpers = """
        # for Celery
        COUNTS = {}
        client = None
        active = True

        def count(key):
            COUNTS[key] = COUNTS.get(key, 0) + 1  # <- ACG107

        def connected():
            global client
            if client is None:
                client = connect()
            return client

        def set_active(value):
            global active
            active = value

        def only_at_import(key):
            COUNTS[key] = 0

        def listed(key):
            COUNTS[key] = 0
            return lambda function: function
    """
    code = """
        from celery import shared_task
        from shop import helpers

        @shared_task
        @helpers.listed("work")
        def work(key):
            helpers.set_active(False)
            helpers.connected().do(key)
            helpers.count(key)
    """
    planted("ACG107", {"shop/__init__.py": "", "shop/helpers.py": helpers, "shop/tasks.py": code})


def test_paths_that_are_put_together_listed_and_written(planted: Planted) -> None:
    code = """
        import glob
        import os
        import shutil
        import tempfile
        from pathlib import Path
        from celery import chain, group, shared_task
        from django.conf import settings
        from django.core.files.storage import FileSystemStorage, default_storage
        from shop.models import Document

        @shared_task
        def convert(path, **more): ...

        def temporary():
            _, path = tempfile.mkstemp()
            convert.delay(path)  # <- ACG107
            folder = Path(tempfile.mkdtemp())
            convert.delay(str(folder / "a.pdf"))  # <- ACG107
            convert.delay(f"{folder}/a.pdf")  # <- ACG107
            convert.delay({"path": os.path.join(tempfile.gettempdir(), "a")})  # <- ACG107
            convert.delay(beside())  # <- ACG107
            with tempfile.TemporaryDirectory() as there:
                chain(convert.s(there + "/a"), convert.s()).delay()  # <- ACG107

        def beside():
            path = os.path.join(tempfile.gettempdir(), "b")
            return path

        def listed():
            for path in glob.glob("/data/in/*.csv"):
                convert.delay(path)  # <- ACG107
            for root, folders, files in os.walk(settings.INBOX):
                for name in files:
                    convert.delay(os.path.join(root, name))  # <- ACG107
            for name in os.listdir(settings.INBOX):
                convert.delay(os.path.join(settings.INBOX, name))  # <- ACG107
            group(convert.s(str(path)) for path in Path(settings.INBOX).iterdir())()  # <- ACG107

        def written(upload):
            target = Path(settings.UPLOADS) / upload.name
            target.write_bytes(upload.read())
            convert.delay(str(target))  # <- ACG107
            path = os.path.join(settings.MEDIA_ROOT, upload.name)
            with open(path, "wb") as out:
                shutil.copyfileobj(upload, out)
                convert.delay(out.name)  # <- ACG107
            convert.apply_async(args=[path])  # <- ACG107
            saved = os.path.join(upload.config["FOLDER"], upload.name)
            upload.save(saved)
            convert.delay(path=saved)  # <- ACG107
            there = os.path.join(settings.UPLOADS, upload.key)
            if os.path.exists(there):
                convert.delay(there)  # <- ACG107

        def stored(upload):
            storage = FileSystemStorage()
            name = storage.save(upload.name, upload)
            convert.delay(storage.path(name))  # <- ACG107
            convert.delay(os.path.join(settings.MEDIA_ROOT, name))  # <- ACG107
            document = Document.objects.create(file=upload)
            convert.delay(document.file.path)  # <- ACG107
            convert.delay(upload.temporary_file_path())  # <- ACG107

        class Export:
            def __init__(self):
                self.folder = tempfile.mkdtemp()

            def run(self):
                convert.delay(os.path.join(self.folder, "a"))  # <- ACG107
    """
    planted("ACG107", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/views.py": code})


MODELS = """
    from django.db import models

    class Document(models.Model):
        file = models.FileField()
"""


def test_paths_that_properties_give(planted: Planted) -> None:
    code = """
        import os
        from celery import shared_task
        from django.conf import settings
        from django.db import models

        @shared_task
        def convert(path): ...

        class Video(models.Model):
            file = models.FileField()

            @property
            def stored(self):
                if self.file:
                    return os.path.join(settings.MEDIA_ROOT, self.file.name)
                return None

            @property
            def key(self):
                return os.path.join("videos", self.file.name)

            def path(self):
                return os.path.join(settings.MEDIA_ROOT, self.file.name)

            def start(self):
                convert.delay(self.stored)  # <- ACG107
                convert.delay(self.path())  # <- ACG107
                convert.delay(self.key)
    """
    planted("ACG107", {"shop.py": code})


def test_names_and_paths_that_others_can_read(planted: Planted) -> None:
    code = """
        import glob
        import os
        import socket
        import tempfile
        from pathlib import Path
        from celery import shared_task
        from django.conf import settings
        from django.core.files.storage import default_storage
        from shop.models import Document

        SHARED = Path("/mnt/shared")

        @shared_task
        def convert(path, **more): ...

        def fine(request, upload):
            name = default_storage.save(upload.name, upload)
            convert.delay(name)
            convert.delay(os.path.join(settings.MEDIA_URL, name))
            document = Document.objects.create(file=upload)
            convert.delay(document.file.name)
            convert.delay(f"s3://bucket/{upload.name}")
            convert.delay(os.path.join("reports", upload.name))
            convert.delay(request.path)
            shared = SHARED / upload.name
            shared.write_bytes(upload.read())
            convert.delay(str(shared))
            path = os.path.join(settings.SHARED_ROOT, upload.name)
            with open(path, "wb") as out:
                out.write(upload.read())
            convert.delay(path)
            with tempfile.NamedTemporaryFile(delete=False, dir=SHARED) as made:
                made.write(upload.read())
            convert.delay(made.name)
            with tempfile.NamedTemporaryFile(delete=False, dir=settings.MEDIA_ROOT) as made_here:
                made_here.write(upload.read())
            convert.delay(made_here.name)  # <- ACG107
            for shipped in glob.glob(os.path.join(os.path.dirname(__file__), "*.sql")):
                convert.delay(shipped)
            beside = os.path.join(os.path.dirname(__file__), "report.html")
            if os.path.exists(beside):
                convert.delay(beside)
            convert.delay("/home/news")
            convert.delay(document.category.path)
            _, here = tempfile.mkstemp()
            convert.delay(os.path.basename(here))
            convert.apply_async((here,), queue=f"host-{socket.gethostname()}")
            convert.apply((here,))
            convert(here)
    """
    planted("ACG107", {"shop/__init__.py": "", "shop/models.py": MODELS, "shop/views.py": code})
