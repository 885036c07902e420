"""The same task in dramatiq."""

import os

import dramatiq

URL = os.environ["BENCH_BROKER"]
if URL.startswith("redis"):
    from dramatiq.brokers.redis import RedisBroker

    dramatiq.set_broker(RedisBroker(url=URL))
else:
    from dramatiq.brokers.rabbitmq import RabbitmqBroker

    # pika takes the "//" of Celery's URLs for a virtual host without a name.
    dramatiq.set_broker(RabbitmqBroker(url=f"{URL.rstrip('/')}/%2F", confirm_delivery=True))


@dramatiq.actor
def nothing(number: int) -> None:
    """All overhead."""


def publish(tasks: int) -> None:
    """One by one."""
    for number in range(tasks):
        nothing.send(number)
