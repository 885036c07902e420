"""The settings of a project's Celery application."""

__all__: list[str] = []
