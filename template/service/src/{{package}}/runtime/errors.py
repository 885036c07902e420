"""Every error that the runtime raises on purpose.

ServiceError                what was expected, what came instead, how to fix it
├── ConfigurationError      an environment variable or a number in the queue table
├── TaskOptionError         an option of a task that is unknown, missing or out of its range
├── MigrationError          a migration of the service's own tables that does not apply, or is yet to be applied
├── PayloadError            an argument that the task does not take, or that may not travel in a message
├── PublishError            the broker did not take a message in time
├── RetryLater              a run that may be made again later; nothing is wrong with the task
│   ├── Busy                another delivery holds the key
│   ├── StoreUnavailable    the idempotency store does not answer
│   └── CircuitOpen         the circuit breaker of a dependency is open
├── KeyConflict             the key belongs to another payload
└── LeaseLost               another delivery took the key over while this one was frozen
"""

from typing import ClassVar

from kombu.exceptions import OperationalError

__all__ = [
    "Busy",
    "CircuitOpen",
    "ConfigurationError",
    "KeyConflict",
    "LeaseLost",
    "MigrationError",
    "PayloadError",
    "PublishError",
    "RetryLater",
    "ServiceError",
    "StoreUnavailable",
    "TaskOptionError",
]


class ServiceError(Exception):
    """The base of every error in this tree."""


class ConfigurationError(ServiceError):
    """The environment or the queue table cannot work as it is."""


class TaskOptionError(ServiceError, TypeError):
    """A task declares something that would be ignored or could never hold."""


class MigrationError(ServiceError):
    """The tables are not as the release needs them, or a migration could not make them so."""


class PayloadError(ServiceError, ValueError, TypeError):
    """A call does not fit the task, an argument is not a key or a primitive, or the message is too large."""


class PublishError(ServiceError, OperationalError):
    """The broker refused, did not answer or did not confirm; also what Celery raises for that, to those who catch it.

    The message may have arrived all the same: publish it again with the same id.
    """


class RetryLater(ServiceError):  # noqa: N818  # what to do, as Celery's Retry and Ignore say it
    """The run may be attempted again in `retry_after` seconds; that uses up none of the task's retries."""

    doubling: ClassVar[bool] = True
    """Whether the first attempts may come sooner, after 1, 2, 4... s: what blocks it may be gone at any moment."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type, tuple[str, float]]:
        """Errors cross from a pool's child to its worker by pickle, which passes `args` alone."""
        return type(self), (str(self), self.retry_after)


class Busy(RetryLater):
    """Another delivery with this key is running, or is about to retry."""


class StoreUnavailable(RetryLater):
    """The idempotency store refused, broke off or timed out; whether it made the change is unknown."""


class CircuitOpen(RetryLater):
    """The circuit of the task's dependency is open: nothing was called."""

    doubling = False


class KeyConflict(ServiceError):  # noqa: N818  # "error" adds nothing to a conflict
    """The key is held or done by a run with other arguments: one of the two would have been dropped in silence."""


class LeaseLost(ServiceError):  # noqa: N818  # nor to a loss
    """The lease ran out under a frozen process, and another delivery holds or has completed the key.

    This run's effect has happened, and the other's has or will: the window of mode "lease".
    A task that meets it ends with the line "lease lost" in the log, and no dead letter: the work is the other's.
    """
