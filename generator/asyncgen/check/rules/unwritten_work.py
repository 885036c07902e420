"""ACG117."""

from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["UnwrittenWork"]


class UnwrittenWork(Rule):
    """A task's work is as `asyncgen add-task` made it: it logs, and does nothing else.

    Such a task is registered, takes messages and reports success, so that nothing tells its callers that their work
    was not done. Off unless selected: on the way to a release a task may well be planned and not written.

    Bad:
        def work(task: ServiceTask, invoice_id: int) -> None:
            logger.info("send_invoice is not written yet, key %s", task.idempotency_key)

    Good:
        def work(task: ServiceTask, invoice_id: int) -> None:
            send(load_invoice(invoice_id), key=task.idempotency_key)

    Source: `asyncgen tasks` lists them as unwritten.
    """

    code = "ACG117"
    name = "unwritten-work"
    optional = True

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        from asyncgen.tasks.unwritten import unwritten_work

        for task in project.tasks.of(module):
            name = task.name.rpartition(".")[2]
            if work := unwritten_work(module.tree, name):
                yield self.finding(
                    module,
                    work,
                    f"the work of {name} is not written yet",
                    "replace the body of work, or take the task away with asyncgen remove-task",
                )
