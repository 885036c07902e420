"""What Celery sees of a project: its configuration, tasks, messages and schedule."""

__all__: list[str] = []
