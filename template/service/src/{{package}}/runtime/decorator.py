"""`shared_task`: Celery's own; `decorator.pyi` tells type checkers which options a task of a service has."""

from celery import shared_task

__all__ = ["shared_task"]
