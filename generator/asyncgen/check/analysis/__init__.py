"""What the rules ask beyond Celery: the kinds of things, where code runs, how results and names are used."""

__all__: list[str] = []
