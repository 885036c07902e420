"""ACG111."""

from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.silent_settings import settings
from asyncgen.check.rules.silent_task_options import class_options, message_options, task_options
from asyncgen.check.source.module import Module

__all__ = ["SilentOption"]


class SilentOption(Rule):
    """An option or a setting is written where Celery never reads it.

    Celery stores unknown options and settings without a word: which those are differs by its release, which lock files
    and requirements name. The retry that was configured does not happen, the
    limit does not hold, the delay becomes an argument that the task does not take: found out in the incident
    that the option was written against.

    Bad:
        @shared_task(retry_no=3, countdown=10)
        def pull(url: str) -> None: ...

        pull.delay(url, eta=tomorrow)

    Good:
        @shared_task(max_retries=3, default_retry_delay=10)
        def pull(url: str) -> None: ...

        pull.apply_async((url,), eta=tomorrow)

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#list-of-options and
    https://docs.celeryq.dev/en/stable/userguide/configuration.html#new-lowercase-settings
    """

    code = "ACG111"
    name = "silent-option"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            for node, message, fix in task_options(module, project, task):
                yield self.repeated(self.finding(module, node, message, fix), task.name)
        for sent in project.dispatches.of(module):
            for node, message, fix in message_options(module, project, sent):
                yield self.finding(module, node, message, fix)
        for node, message, fix in (*class_options(module, project), *settings(module, project)):
            yield self.finding(module, node, message, fix)
