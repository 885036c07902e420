"""ACG113 and ACG116."""

import ast
import difflib
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.schedules import Entry
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.values import literal
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["Schedule", "ScheduleExpiry"]

_CRONTABS = {"celery.schedules.crontab"}
_COARSE = ("hour", "day_of_week", "day_of_month", "month_of_year")


class Schedule(Rule):
    """An entry of the schedule runs sixty times an hour by accident, or sends a task that no worker knows.

    `crontab(hour=3)` leaves the minute at `*`: the nightly task runs each minute from three to four. A message for
    an unknown name is logged by the worker and thrown away, at every tick.

    Bad:
        "nightly": {"task": "shop.taks.nightly", "schedule": crontab(hour=3)}

    Good:
        "nightly": {"task": "shop.tasks.nightly", "schedule": crontab(minute=0, hour=3)}

    Source: https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#crontab-schedules
    """

    code = "ACG113"
    name = "schedule"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for call in module.calls if "crontab" in module.text else ():
            if project.names.name(module, call.func) in _CRONTABS:
                yield from self._crontab(module, call)
        for entry in project.schedule:
            if entry.module is module:
                yield from self._unknown(module, project, entry)

    def _crontab(self, module: Module, call: ast.Call) -> Iterator[Finding]:
        given = {k.arg for k in call.keywords}
        if call.args or None in given or "minute" in given:
            return
        coarse = [name for name in _COARSE if name in given]
        if coarse:
            yield self.finding(
                module,
                call,
                f"a crontab with {coarse[0]} and without minute runs every minute of it",
                "write minute=0",
            )

    def _unknown(self, module: Module, project: Project, entry: Entry) -> Iterator[Finding]:
        expr = entry.parts.get("task")
        name = literal(project.names, entry.module, expr) if expr is not None else None
        if expr is None or not isinstance(name, str) or "." not in name:
            return
        known = [known for task in project.tasks for known in task.registered_names]
        last = name.rpartition(".")[2]
        namesakes = [other for other in known if other.rpartition(".")[2] == last]
        if _is_known(name, known) or not (self._is_ours(project, name) or len(namesakes) == 1):
            return
        if last in project.unread_words:
            return
        near = namesakes or difflib.get_close_matches(name, known, n=1, cutoff=0.7)
        yield self.finding(
            module,
            expr,
            f"the schedule {entry.name!r} sends {name}, which no task of the project is called",
            f"write {near[0]}" if near else "write the name under which the task is registered",
        )

    @staticmethod
    def _is_ours(project: Project, name: str) -> bool:
        """Whether the module of that name is in the project, all of its tasks seen."""
        parts = name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = project.module(".".join(parts[:cut]))
            if module is not None:
                last = parts[-1]
                return not module.stars and last not in module.names(module.tree)
        return False


class ScheduleExpiry(Rule):
    """An entry of the schedule sends messages that never expire.

    While the workers are down, beat goes on. When they come back, the queue holds one message for every tick that
    was missed, and the workers do the same work as many times. Off unless selected: not every task minds.

    Bad:
        "refresh": {"task": "shop.tasks.refresh", "schedule": 60.0}

    Good:
        "refresh": {"task": "shop.tasks.refresh", "schedule": 60.0, "options": {"expires": 55}}

    Source: https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#available-fields
    """

    code = "ACG116"
    name = "schedule-expiry"
    optional = True

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for entry in project.schedule:
            if entry.module is not module or "schedule" not in entry.parts:
                continue
            options = entry.parts.get("options")
            known = literal(project.names, module, options) if options is not None else {}
            if isinstance(known, dict) and "expires" not in known:
                yield self.finding(
                    module,
                    entry.node,
                    f"the messages of the schedule {entry.name!r} never expire",
                    'give it "options": {"expires": seconds}, a little below its interval',
                )


def _is_known(name: str, known: list[str]) -> bool:
    return any(name == k or k.endswith(f".{name}") or name.endswith(f".{k}") for k in known)
