"""An error of a broker that does not answer, as a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ServiceError
from ..settings import PREFIX
from . import LoadApp

__all__ = ["answered", "unanswered"]


def unanswered(error: BaseException) -> str:
    """What was expected of the broker, and what it raised instead."""
    reason = str(error) or type(error).__name__
    return (
        f"expected the broker at {PREFIX}BROKER_URL to answer, got: {reason}; "
        "start it, or correct the URL (user and password too)"
    )


@contextmanager
def answered(load_app: LoadApp) -> Iterator[None]:
    """Raise ServiceError where the broker does not answer what the block asks."""
    try:
        yield
    except Exception as error:
        if isinstance(error, ServiceError) or not isinstance(error, load_app().service.broker.errors):
            raise
        raise ServiceError(unanswered(error)) from error
