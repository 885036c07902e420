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
            convert.delay(os.path.join(folder, "x.pdf"))  # <- ACG107
            convert.delay("/tmp/upload.pdf")  # <- ACG107
            convert.delay(storage.save(upload))
            convert.delay(upload.name)
            convert.delay("https://files/tmp/upload.pdf")
    """
    planted("ACG107", {"shop.py": code})
