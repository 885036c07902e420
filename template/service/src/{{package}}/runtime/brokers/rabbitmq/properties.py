"""Properties that py-amqp cannot decode: text that is no UTF-8, a time beyond the calendar, hundreds of levels.

It raises in the middle of reading the connection, so one such message ends every worker that it is delivered to.
RabbitMQ itself takes any bytes.
"""

from typing import Any

from amqp import serialization
from amqp.spec import Basic

from .. import UNDECODABLE

__all__ = ["decode", "install"]


def install() -> None:
    """Let py-amqp in this process deliver such a message, with the header UNDECODABLE alone."""
    decoders: Any = serialization.PROPERTY_CLASSES
    decoders[Basic.CLASS_ID] = decode


def decode(buffer: Any, offset: int) -> tuple[dict[str, Any], int]:
    """Decode the properties of a message; the same arguments and result as py-amqp's `decode_properties_basic`."""
    try:
        properties: tuple[dict[str, Any], int] = serialization.decode_properties_basic(buffer, offset)
    except Exception as error:
        return {"application_headers": {UNDECODABLE: f"{type(error).__name__}: {error}"[:200]}}, offset
    return properties
