"""ACG110."""

import ast
import math
from collections.abc import Iterable, Iterator
from typing import Any

from asyncgen.check.analysis.delays import Delays
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.spans import Span, power
from asyncgen.check.celery.dispatch import Dispatch
from asyncgen.check.celery.targets import is_signature
from asyncgen.check.celery.task import Option, Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.values import literal
from asyncgen.check.rules.base import Rule
from asyncgen.check.rules.retry_places import counts_retries
from asyncgen.check.source.module import Module

__all__ = ["EtaBeyondVisibility", "visibility_timeout"]

#: Seconds, if nobody says otherwise (kombu.transport.redis, kombu.transport.SQS).
_DEFAULTS = {"redis": 3600, "sqs": 1800}
_BACKOFF_MAX = 600
_NAMES = {"countdown": "a countdown", "eta": "an ETA"}


def visibility_timeout(project: Project) -> float | None:
    """In seconds, where the broker is known to be Redis or SQS and the value is known; else None."""
    configuration = project.configuration
    default = _DEFAULTS.get(configuration.transport())
    options: Any = configuration.value("broker_transport_options")
    if default is None or options is None:
        return default
    if not isinstance(options, dict) or "predefined_queues" in options:
        return None
    value = options.get("visibility_timeout", default)
    return float(value) if isinstance(value, int | float) else None


class EtaBeyondVisibility(Rule):
    """A message on Redis or SQS waits longer than the visibility timeout.

    A worker holds a message with a countdown or an ETA unacknowledged until its time comes. After the visibility
    timeout, by default one hour on Redis and half an hour on SQS, it is handed to another worker as well, and again
    after the next: the task runs as many times. A delay that is computed counts with the least that it can come to,
    and one that grows with the retries with what it is before the last one.

    Bad:
        remind.apply_async((user.pk,), countdown=86400)

    Good:
        app.conf.broker_transport_options = {"visibility_timeout": 90000}

    or a row with the due time, and a schedule that sends what is due.

    Source: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout
    """

    code = "ACG110"
    name = "eta-beyond-visibility"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        visible = visibility_timeout(project)
        if visible is None:
            return
        for sent in project.dispatches.of(module):
            last = _last_retry(sent) if sent.method == "retry" else None
            yield from self._waits(module, project, sent.options.values(), visible, last)
        for call in module.calls:
            func = call.func
            if isinstance(func, ast.Attribute) and func.attr == "set" and is_signature(project, module, func.value):
                yield from self._waits(module, project, call.keywords, visible)
        if "retry_" in module.text:
            for task in project.tasks:
                if project.retrying.is_possible(task):
                    yield from self._retries(module, task, visible)

    def _waits(
        self,
        module: Module,
        project: Project,
        keywords: Iterable[ast.keyword],
        visible: float,
        last: float | None = None,
    ) -> Iterator[Finding]:
        """The `countdown` and `eta` among the options of one message or signature; `last`: of the last retry."""
        for keyword in keywords:
            if keyword.arg not in _NAMES:
                continue
            for retries in dict.fromkeys((None, last)):
                delays = Delays(project.names, retries)
                read = delays.of if keyword.arg == "countdown" else delays.until
                found = read(module, keyword.value)
                beyond = [span for span in found if span.low > visible or span.high > span.low == visible]
                if beyond:
                    when = "" if retries is None else " before the last retry"
                    yield self._beyond(module, keyword, f"{_NAMES[keyword.arg]} {_amount(max(beyond))}{when}", visible)
                    break

    def _retries(self, module: Module, task: Task, visible: float) -> Iterator[Finding]:
        """The delays that options give, a base class's among them."""
        for option, wait, what in _delays_of_options(task):
            if option.module is module and wait > visible:
                yield self._beyond(module, option.node, f"a {what} {wait:g} s", visible)

    def _beyond(self, module: Module, node: ast.AST, what: str, visible: float) -> Finding:
        return self.finding(
            module,
            node,
            f"{what} is longer than the visibility timeout of {visible:g} s: the task runs again",
            "raise visibility_timeout in broker_transport_options, or keep the due time in the database",
        )


def _last_retry(sent: Dispatch) -> float | None:
    """What `self.request.retries` is when the last retry is sent; None where a task counts for itself."""
    task = sent.task
    if task is None or counts_retries(task):
        return None
    own = sent.options.get("max_retries")
    value = None if own is None else literal(task.names, sent.module, own.value)
    limit = task.retry_limit if value is None else value
    return max(limit - 1, 0.0) if isinstance(limit, int | float) else None


def _amount(span: Span) -> str:
    if math.isinf(span.low):
        return "that grows without end"
    return f"of {span.low:g} s" if span.low == span.high else f"of at least {span.low:g} s"


def _delays_of_options(task: Task) -> Iterator[tuple[Option, float, str]]:
    """Where a delay between retries is set, how long it becomes, and in words what it is."""
    backoff, longest, kwargs = (task.literal(f"retry_{name}") for name in ("backoff", "backoff_max", "kwargs"))
    if task.find("autoretry_for") is None or not backoff:
        for name, wait in (
            ("default_retry_delay", task.literal("default_retry_delay")),
            ("retry_kwargs", kwargs.get("countdown") if isinstance(kwargs, dict) else None),
        ):
            option = task.find(name)
            if option is not None and isinstance(wait, int | float):
                yield option, wait, "retry delay of"
        return
    own = kwargs.get("max_retries") if isinstance(kwargs, dict) else kwargs
    limit = task.retry_limit if own is None else own
    longest = _BACKOFF_MAX if longest is None else longest
    option = task.find("retry_backoff_max") or task.find("retry_backoff")
    if option is not None and limit and isinstance(backoff, int | float) and isinstance(longest, int | float):
        last = power(Span(2, 2), Span(limit - 1, limit - 1)).high
        yield option, min(longest, max(1, int(backoff)) * last), "backoff of up to"
