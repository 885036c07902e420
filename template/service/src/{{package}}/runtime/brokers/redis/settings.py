"""The environment variables of Redis as the broker."""

from functools import cache

from pydantic import Field

from ...settings import Environment

__all__ = ["RedisSettings", "redis_settings"]


class RedisSettings(Environment):
    """Times are in seconds."""

    redis_delivery: str = Field(default="atomic", pattern="^(atomic|stock)$")
    """`stock` switches the service's own transport off, and with it the promise that no message is lost."""
    lease: int = Field(default=30, ge=3)
    """A message whose worker has not renewed its lease for this long goes to another worker."""
    stock_max_delay: int = Field(default=3600, ge=0)
    """Stock delivery renews no lease, and repeats a message whose countdown or back-off is longer than this."""


@cache
def redis_settings() -> RedisSettings:
    """The settings of this process, read once."""
    return RedisSettings.read()
