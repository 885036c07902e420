"""Idempotency keys in SQL, beside the service's own tables: PostgreSQL, and SQLite for development."""

from .store import SqlStore

__all__ = ["SqlStore"]
