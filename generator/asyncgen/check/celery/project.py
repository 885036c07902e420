"""A project with its Celery application: how it is configured, and which tasks there are."""

from functools import cached_property

from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.celery.tasks import Tasks
from asyncgen.check.model.project import PythonProject

__all__ = ["CeleryProject"]


class CeleryProject(PythonProject):
    """Each part is built when it is first needed."""

    @cached_property
    def configuration(self) -> Configuration:
        return Configuration(self, self._has_tasks_in_code)

    @cached_property
    def tasks(self) -> Tasks:
        return Tasks(self, self.configuration)

    def _has_tasks_in_code(self) -> bool:
        return any(task.module.kind == "code" for task in self.tasks)
