"""ACG114."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.visibility import visibility_timeout
from asyncgen.check.source.module import Module

__all__ = ["TimeChain"]

_CONSUMER_TIMEOUT = 1800
_GRACE = re.compile(
    r"^\s*(?:-\s*)?(?P<key>stop_grace_period|terminationGracePeriodSeconds|stopwaitsecs|TimeoutStopSec)"
    r"\s*[:=]\s*[\"']?(?P<value>\d+)(?P<unit>s|m|h|sec|min)?[\"']?\s*(?:#.*)?$",
    re.MULTILINE,
)
_UNITS = {None: 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


class TimeChain(Rule):
    """A task may run longer than those around it are ready to wait.

    A message that is acknowledged late goes back to the queue when the visibility timeout of Redis or SQS, or the
    consumer timeout of RabbitMQ (30 minutes), runs out, while the task is still running: it runs twice at the same
    time. A worker that is stopped waits for its tasks only as long as its supervisor lets it.

    Bad:
        app.conf.update(task_acks_late=True, task_time_limit=7200)

    Good:
        app.conf.update(
            task_acks_late=True,
            task_time_limit=3000,
            broker_transport_options={"visibility_timeout": 3600},
        )

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout and
    https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
    """

    code = "ACG114"
    name = "time-chain"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        patience = self._patience(project)
        for task in project.tasks.of(module):
            own = task.options.get("time_limit")
            limit = task.literal("time_limit")
            if own is None or own.module is not module or patience is None:
                continue
            if isinstance(limit, int | float) and limit > patience[0] and self._late(task):
                yield self._beyond(module, own.node, f"{task.name} may run {limit:g} s", patience)
        setting = project.configuration.first("task_time_limit")
        value = project.configuration.value("task_time_limit")
        if setting is None or setting.module is not module or not isinstance(value, int | float):
            return
        late = project.configuration.value("task_acks_late") is True
        if late and patience and value > patience[0]:
            yield self._beyond(module, setting.node, f"tasks may run {value:g} s", patience)
        for path, key, grace in self._graces(project):
            if 0 < grace < value:
                yield self.finding(
                    module,
                    setting.node,
                    f"tasks may run {value:g} s, but {path.name} kills the worker {grace:g} s after a stop ({key})",
                    f"raise {key} above the limit, or lower the limit",
                )

    @staticmethod
    def _late(task: Task) -> bool:
        return task.effective("acks_late") is True

    @staticmethod
    def _patience(project: Project) -> tuple[float, str] | None:
        visible = visibility_timeout(project)
        if visible is not None:
            return visible, "the broker's visibility timeout"
        if project.configuration.transport() == "amqp" and not any(
            "consumer_timeout" in text or "consumer-timeout" in text for text in project.usage.deployment.values()
        ):
            return _CONSUMER_TIMEOUT, "RabbitMQ's default consumer timeout"
        return None

    def _beyond(self, module: Module, node: ast.AST, what: str, patience: tuple[float, str]) -> Finding:
        return self.finding(
            module,
            node,
            f"{what}, beyond {patience[1]} of {patience[0]:g} s: the message is delivered again",
            "keep the limit below it, or raise the timeout",
        )

    @staticmethod
    def _graces(project: Project) -> Iterator[tuple[Path, str, float]]:
        for path, text in project.usage.deployment.items():
            for part in _services(path, text):
                if re.search(r"celery.{0,120}\bworker\b", part, re.DOTALL):
                    for match in _GRACE.finditer(part):
                        seconds = int(match["value"]) * _UNITS[match["unit"]]
                        yield path, match["key"], float(seconds)


def _services(path: Path, text: str) -> list[str]:
    """The parts of a file that are about one service each."""
    if path.suffix in {".yml", ".yaml"}:
        return re.split(r"(?m)^(?:---\s*$|  (?=\S))", text)
    return re.split(r"(?m)^(?=\[)", text)
