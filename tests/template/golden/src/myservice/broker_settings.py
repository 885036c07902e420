"""What the environment may say about Redis as the broker."""

from pydantic import Field
from pydantic_settings import BaseSettings

__all__ = ["BrokerSettings"]


class BrokerSettings(BaseSettings):
    """Times are in seconds."""

    redis_delivery: str = Field(default="atomic", pattern="^(atomic|stock)$")
    """`stock` switches the service's own transport off, and with it the promise that no message is lost."""
    lease: int = Field(default=30, ge=3)
    """A message whose worker has not renewed its lease for this long goes to another worker."""
    delivery_limit: int = Field(default=5, gt=0)
    """How often a message may come back, because its worker died, before it becomes a dead letter."""
