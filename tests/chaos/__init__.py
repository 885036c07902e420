"""What generated services lose and repeat while they are killed, beside Celery's defaults: `make chaos`."""
