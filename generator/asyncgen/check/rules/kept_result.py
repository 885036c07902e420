"""ACG105."""

from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.configuration.result_backend import are_results_stored
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["KeptResult"]


class KeptResult(Rule):
    """A result is stored that nothing reads.

    Every run writes to the result backend, and what it wrote stays there for a day by default: a Redis that holds
    results and messages runs out of memory, and then refuses the messages too. Each task is judged by itself. Where
    results are read by ids of which none can tell whose they are, only tasks are found whose ids nothing keeps.

    Bad:
        app = Celery("shop", broker=BROKER, backend="redis://cache/1")

        @app.task
        def send_invoice(order_id: int) -> None: ...

    Good:
        @app.task(ignore_result=True)
        def send_invoice(order_id: int) -> None: ...

    or `task_ignore_result = True` for all, and `ignore_result=False` where a result is read. Several tasks are one
    finding, at the application's settings.

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#ignore-results-you-don-t-want
    """

    code = "ACG105"
    name = "kept-result"
    spans_files = True

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        if not are_results_stored(project.configuration):
            return
        for task in project.tasks.of(module):
            if task.effective("ignore_result") is not None or task.only_tells:
                continue
            if not project.result_reads.may_be_of(task):
                finding = self.finding(
                    module,
                    task.place,
                    f"the result of {task.name} is stored in the backend, and nothing reads it",
                    "set ignore_result=True on the task, or task_ignore_result for all",
                )
                cause = self.cause(
                    project.configuration.place,
                    "{count} of {total} tasks store a result in the backend that nothing reads: {names}",
                    "set task_ignore_result for all, and ignore_result=False on the tasks whose results are read",
                )
                yield finding._replace(subject=task.name, cause=cause)
