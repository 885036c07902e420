"""myservice: a Celery service. Its name stands here and nowhere else in the code."""

__all__ = ["NAME"]

NAME = "myservice"
"""Prefixes the environment variables (in capitals) and everything that the service owns on its broker."""
