"""myservice: a Celery service."""
