"""The same task in bare Celery, celery-once and celery-singleton; BENCH_PEER says which.

Bare Celery has its defaults. The other two acknowledge late, as their users are told to.
"""

import os

from celery import Celery

PEER = os.environ.get("BENCH_PEER", "bare")
REDIS = os.environ.get("BENCH_REDIS", "")

app = Celery("bench", broker=os.environ.get("BENCH_BROKER", "unset://"))
app.conf.task_acks_late = PEER != "bare"
OPTIONS = {}
if PEER == "once":
    from celery_once import QueueOnce

    app.conf.ONCE = {"backend": "celery_once.backends.Redis", "settings": {"url": REDIS, "default_timeout": 3600}}
    OPTIONS = {"base": QueueOnce}
elif PEER == "singleton":
    from celery_singleton import Singleton

    app.conf.singleton_backend_url = REDIS
    OPTIONS = {"base": Singleton}


@app.task(name="bench.nothing", **OPTIONS)
def nothing(number: int) -> None:
    """All overhead."""


def publish(tasks: int) -> None:
    """One by one."""
    for number in range(tasks):
        nothing.delay(number)
