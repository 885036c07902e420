"""What publishes for the service `shop`: `python -m tests.alerts.load RATES`, with more on its standard input.

RATES and each line of the input are JSON: tasks, and how often a second each is published from now on. A line with a
list, [task, arguments, number], publishes that many at once. A name that begins with "outbox:" is published through the
outbox.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Publish until the input ends."""
    import_module("shop.app")
    from celery import current_app

    PublishError: Any = import_module("shop.runtime").PublishError  # noqa: N806  # a class

    tasks = {name.rpartition(".")[2]: task for name, task in current_app.tasks.items()}

    def publish(name: str, arguments: list[Any]) -> None:
        task: Any = tasks[name.removeprefix("outbox:")]
        if name.startswith("outbox:"):
            outbox: Any = import_module("shop.runtime.outbox")
            with outbox.session() as session:
                outbox.publish(session, task.s(*arguments))
        else:
            task.delay(*arguments)

    rates: dict[str, float] = json.loads(sys.argv[1])
    due = dict.fromkeys(rates, time.monotonic())
    ended = threading.Event()
    threading.Thread(target=_listen, args=(rates, publish, ended), daemon=True).start()
    while not ended.is_set():
        now = time.monotonic()
        for name, rate in list(rates.items()):
            while rate and due.setdefault(name, now) <= now:
                try:
                    publish(name, [])
                except PublishError as error:  # a broker that is away for a while
                    print(error, file=sys.stderr, flush=True)
                due[name] = max(due[name] + 1 / rate, now - 1)
        time.sleep(0.02)


def _listen(rates: dict[str, float], publish: Callable[[str, list[Any]], None], ended: threading.Event) -> None:
    for line in sys.stdin:
        said = json.loads(line)
        if isinstance(said, dict):
            rates.update(said)
        else:
            name, arguments, number = said
            for _ in range(number):
                publish(name, arguments)
        print("done", flush=True)
    ended.set()


if __name__ == "__main__":
    main()
