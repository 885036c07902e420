"""ACG104."""

from collections.abc import Iterator

from asyncgen.check.analysis.own_timeouts import has_own_timeout
from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.pools import WITHOUT_LIMITS, WITHOUT_SOFT_LIMITS
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["NoTimeLimit"]


class NoTimeLimit(Rule):
    """A task may run for ever, or its soft limit comes no earlier than the hard one.

    One call to a host that accepts and never answers holds a worker's process until somebody restarts it; a few of
    them hold all. A soft limit at or above the hard one never fires: the process is killed before the task
    can clean up.

    Bad:
        @shared_task
        def fetch(url: str) -> None: ...

    Good:
        @shared_task(soft_time_limit=50, time_limit=60)
        def fetch(url: str) -> None: ...

    or, for all tasks: `task_soft_time_limit` and `task_time_limit`. Several tasks without a limit are one finding, at
    the application's settings; a task on whose line it is ignored is not counted. A task that ends itself (an alarm, a
    timeout around all of its work) needs none, and where all workers run threads, eventlet or solo no limit would act.

    Source: https://docs.celeryq.dev/en/stable/userguide/workers.html#time-limits
    """

    code = "ACG104"
    name = "no-time-limit"
    spans_files = True

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            hard, soft = task.effective("time_limit"), task.effective("soft_time_limit")
            if hard is None and soft is None and project.configuration.known:
                if not _is_limited_otherwise(module, project, task):
                    yield self._unlimited(module, project, task)
            elif isinstance(hard, int | float) and isinstance(soft, int | float) and hard > 0:
                own = {"time_limit", "soft_time_limit"} & set(task.options)
                if soft >= hard and own:
                    yield self._order(module, task, soft, hard)
        yield from self._global_order(module, project)

    def _unlimited(self, module: Module, project: Project, task: Task) -> Finding:
        without_soft = "; a soft limit does nothing on gevent" if project.usage.pools <= WITHOUT_SOFT_LIMITS else ""
        finding = self.finding(
            module,
            task.place,
            f"{task.name} has no time limit, neither its own nor task_time_limit",
            f"set soft_time_limit and time_limit on the task, or task_time_limit for all{without_soft}",
        )
        cause = self.cause(
            project.configuration.place,
            "{count} of {total} tasks have no time limit, neither their own nor task_time_limit: {names}",
            f"set task_time_limit for all, and a higher one on each task that needs it{without_soft}",
        )
        return finding._replace(subject=task.name, cause=cause)

    def _order(self, module: Module, task: Task, soft: float, hard: float) -> Finding:
        option = task.options.get("soft_time_limit") or task.options["time_limit"]
        node = option.node if option.module is module else task.place
        return self.finding(
            module,
            node,
            f"the soft limit of {task.name}, {soft:g} s, is not below the hard one, {hard:g} s",
            "lower soft_time_limit, so that the task can clean up before it is killed",
        )

    def _global_order(self, module: Module, project: Project) -> Iterator[Finding]:
        configuration = project.configuration
        hard = configuration.value("task_time_limit")
        soft = configuration.value("task_soft_time_limit")
        setting = configuration.first("task_soft_time_limit")
        if setting is None or setting.module is not module:
            return
        if isinstance(hard, int | float) and isinstance(soft, int | float) and soft >= hard > 0:
            yield self.finding(
                module,
                setting.node,
                f"{setting.raw}, {soft:g} s, is not below the hard limit, {hard:g} s",
                "lower it, so that tasks can clean up before they are killed",
            )


def _is_limited_otherwise(module: Module, project: Project, task: Task) -> bool:
    """Whether a worker's command, a message or the task itself limits it, or a limit would do nothing."""
    usage = project.usage
    return (
        usage.limits_on_command_line
        or task.only_tells
        or usage.pools <= WITHOUT_LIMITS
        or task in usage.limited_by_message
        or (task.run is not None and has_own_timeout(project.names, module, task.run, task.decorator))
    )
