"""ACG115."""

import ast
from collections.abc import Iterator
from typing import Any

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.configuration.configuration import Configuration
from asyncgen.check.findings.finding import Finding
from asyncgen.check.model.values import UNKNOWN
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module

__all__ = ["BrokerConfig"]

_MIRRORED = {"x-ha-policy", "ha-mode"}
_LONG = 600
_DEFAULT_PREFETCH = 4


class BrokerConfig(Rule):
    """The connection to the broker hangs or loses messages when the broker is in trouble.

    RabbitMQ confirms nothing unless asked: what is published while it restarts is gone, without an error. Redis
    without a socket timeout lets `.delay()` hang for ever in a web request. Classic mirrored queues are gone from
    RabbitMQ 4. Prefetched messages wait behind a long task, although other workers are idle.

    Bad:
        app = Celery("shop", broker="amqp://broker//")

    Good:
        app.conf.broker_transport_options = {"confirm_publish": True}  # RabbitMQ
        app.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 5}  # Redis

    Source: https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-transport-options and
    https://docs.celeryq.dev/en/stable/userguide/optimizing.html#prefetch-limits
    """

    code = "ACG115"
    name = "broker-config"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        yield from self._mirrored(module, project)
        yield from self._transport(module, project)
        yield from self._prefetch(module, project)

    def _mirrored(self, module: Module, project: Project) -> Iterator[Finding]:
        for call in module.calls if any(word in module.text for word in _MIRRORED) else ():
            if project.names.name(module, call.func) not in {"kombu.Queue", "kombu.entity.Queue"}:
                continue
            for node in ast.walk(call):
                if isinstance(node, ast.Constant) and node.value in _MIRRORED:
                    yield self.finding(
                        module,
                        node,
                        f"{node.value} asks for a classic mirrored queue, which RabbitMQ 4 has not",
                        'use a quorum queue: queue_arguments={"x-queue-type": "quorum"}',
                    )

    def _transport(self, module: Module, project: Project) -> Iterator[Finding]:
        configuration = project.configuration
        setting = configuration.first("broker_url")
        if setting is None or setting.module is not module:
            return
        if not configuration.known and not (configuration.is_of_settings_alone and module.kind == "code"):
            return
        is_set = configuration.first("broker_transport_options") is not None
        options: Any = configuration.value("broker_transport_options") if is_set else None
        if options is not None and not isinstance(options, dict):
            return
        given = options or {}
        transport = configuration.transport()
        if transport == "amqp" and not given.get("confirm_publish", False):
            if given.get("confirm_publish") is not UNKNOWN:
                yield self.finding(
                    module,
                    setting.node,
                    "RabbitMQ does not confirm what is published: a restart loses messages silently",
                    'set broker_transport_options = {"confirm_publish": True}',
                )
        elif transport == "redis" and "socket_timeout" not in given:
            yield self.finding(
                module,
                setting.node,
                "the connection to Redis has no socket timeout: a publish can hang for ever",
                'set broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 5}',
            )

    def _prefetch(self, module: Module, project: Project) -> Iterator[Finding]:
        configuration = project.configuration
        place = self._prefetch_place(configuration)
        if place is None or place[0] is not module or not configuration.known:
            return
        prefetch = configuration.value("worker_prefetch_multiplier")
        limit = configuration.value("task_time_limit")
        number = _DEFAULT_PREFETCH if prefetch is None else prefetch
        long = isinstance(limit, int | float) and limit >= _LONG
        late = configuration.value("task_acks_late") is True
        if long and late and isinstance(number, int) and number > 1:
            yield self.finding(
                module,
                place[1],
                f"tasks may run {limit:g} s, and each process holds {number} messages meanwhile",
                "set worker_prefetch_multiplier = 1",
            )

    @staticmethod
    def _prefetch_place(configuration: Configuration) -> tuple[Module, ast.AST] | None:
        setting = configuration.first("worker_prefetch_multiplier")
        setting = setting or configuration.first("task_time_limit")
        return (setting.module, setting.node) if setting is not None else None
