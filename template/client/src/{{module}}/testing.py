"""For the tests of whoever publishes: the pytest fixture `published`."""

from .runtime.client.testing import Published, published

__all__ = ["Published", "published"]
