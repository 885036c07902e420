"""RabbitMQ as the broker of a client."""

from ..brokers.rabbitmq.batch import RabbitmqBatchPublisher
from ..brokers.rabbitmq.delays import SHORTEST_DELAY, DelayingAMQP
from ..brokers.rabbitmq.publishing import ERRORS, publishing_options
from ..urls import RABBITMQ
from .app import Transport

__all__ = ["TRANSPORT"]

TRANSPORT = Transport(
    schemes=RABBITMQ,
    errors=ERRORS,
    batch=RabbitmqBatchPublisher,
    options=publishing_options,
    settings={"broker_native_delayed_delivery_queue_type": "quorum"},
    amqp_class=DelayingAMQP,
    shortest_delay=SHORTEST_DELAY,
)
