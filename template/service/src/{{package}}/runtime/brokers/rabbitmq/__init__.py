"""RabbitMQ as the broker.

Quorum queues on a topic exchange: a direct exchange would let one delayed task block the worker. A message that is
redelivered too often goes to the queue's dead letters by itself. Publishing waits for the broker's confirmation.
"""

from .broker import RabbitmqBroker

__all__ = ["RabbitmqBroker"]
