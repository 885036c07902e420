"""Redis as the broker of a client."""

from ..brokers.redis.batch import RedisBatchPublisher
from ..brokers.redis.publishing import ERRORS, publishing_options
from ..urls import REDIS_BROKER
from .app import Transport

__all__ = ["TRANSPORT"]

TRANSPORT = Transport(
    schemes=REDIS_BROKER,
    errors=ERRORS,
    batch=RedisBatchPublisher,
    options=lambda attempt_timeout: {"priority_steps": [0], **publishing_options(attempt_timeout)},
    settings={},
)
