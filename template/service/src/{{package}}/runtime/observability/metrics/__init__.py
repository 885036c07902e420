"""Metrics for Prometheus: what the processes of a service count, and what only its broker and its stores know."""

from .observer import Metrics

__all__ = ["Metrics"]
