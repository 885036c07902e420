"""The environment variables of RabbitMQ as the broker."""

from functools import cache

from pydantic import Field

from ...settings import Environment

__all__ = ["RabbitmqSettings", "rabbitmq_settings"]


class RabbitmqSettings(Environment):
    """Times are in seconds."""

    consumer_timeout: int | None = Field(default=None, gt=0)
    """The server's `consumer_timeout`, which a client cannot read; it closes a channel that holds a message longer.

    None: what `app.py` says, which `asyncgen sync-queues` raises together with rabbitmq.conf.
    """
    rabbitmq_management_url: str = Field(default="", pattern="^(https?://[^/]+/?)?$")
    """Of the management plugin, `http://USER:PASSWORD@HOST:15672`: it alone tells how many messages are in work, how
    old the oldest is, and how much memory is left. What is not known without it is left out."""
    broker_heartbeat: int = Field(default=60, ge=2)
    """A worker and the server drop a connection over which they have heard nothing for twice as long."""


@cache
def rabbitmq_settings() -> RabbitmqSettings:
    """The settings of this process, read once."""
    return RabbitmqSettings.read()
