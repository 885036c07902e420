"""One file for each task; a new file is found by itself.

Importing a task also imports the application, so that `.delay()` never goes to Celery's default broker.
"""

from .. import app as _app

__all__: list[str] = []

del _app
