"""How fast generated services are, beside bare Celery and what else people take: `make bench`."""
