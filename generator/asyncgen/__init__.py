"""Start, grow and keep a Celery service that loses nothing when workers and brokers die."""
