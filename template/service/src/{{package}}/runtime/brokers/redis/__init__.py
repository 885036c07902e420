"""Redis as the broker.

Messages live in lists, those in work in a hash with a lease. All keys carry the service's name, so that several
services may share one database.
"""

from .broker import RedisBroker

__all__ = ["RedisBroker"]
