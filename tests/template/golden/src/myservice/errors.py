"""Every error that the service raises on purpose.

ServiceError                what was expected, what came instead, how to mend it
├── ConfigurationError      an environment variable or a number in the queue table
├── TaskOptionError         an option of a task that is unknown, missing or out of its range
├── PayloadError            an argument that may not travel in a message
├── PublishError            the broker did not take a message in time
│   in `idempotency.errors`:
├── Later                   a run that may be made again later; nothing is wrong with the task
│   ├── Busy                another delivery holds the key
│   ├── StoreUnavailable    the store does not answer
│   └── CircuitOpen         in `breaker`, where there is a Redis: the dependency is left alone for a while
├── KeyConflict             the key belongs to another payload
└── LeaseLost               another delivery took the key over while this one was frozen
"""

from kombu.exceptions import OperationalError

__all__ = ["ConfigurationError", "PayloadError", "PublishError", "ServiceError", "TaskOptionError"]


class ServiceError(Exception):
    """The base of every error in this tree."""


class ConfigurationError(ServiceError):
    """The environment or the queue table cannot work as it is."""


class TaskOptionError(ServiceError, TypeError):
    """A task declares something that would be ignored or could never hold."""


class PayloadError(ServiceError, ValueError):
    """An argument is not a key or a primitive, or the message is too large."""


class PublishError(ServiceError, OperationalError):
    """The broker refused, did not answer or did not confirm; also what Celery raises for that, to those who catch it.

    The message may have arrived all the same: publish it again with the same id.
    """
