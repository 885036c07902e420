"""For the tests of whoever publishes: the pytest fixture `published`."""

from .runtime.client.testing import Published, PublishedTask, published

__all__ = ["Published", "PublishedTask", "published"]
