"""Sentry: one error for each dead letter, and a check-in for each run of a schedule.

A retry, a deferral or a message that a task ignores is no error. What a service reports is built here, field by field,
and sent by a client of its own: an application's `sentry_sdk.init`, and what Sentry's integrations collect, stay apart.
"""

import atexit
from collections.abc import Mapping
from typing import Any

from celery.signals import task_success, worker_process_shutdown

from ..errors import ConfigurationError
from ..queues import QueueClass
from ..service import ServiceApp
from ..settings import PREFIX
from ..signals import dead_letter_stored
from ..urls import masked
from .settings import observability_settings

__all__ = ["Sentry"]


class Sentry:
    """Reports what the signals tell (an Observer)."""

    def install(self, app: ServiceApp) -> None:
        """Connect to the signals, if SENTRY_DSN is set; raises ConfigurationError for one that is none."""
        dsn = observability_settings().sentry_dsn
        if not dsn:
            return
        from sentry_sdk.utils import BadDsn, Dsn  # where it is used

        from .per_process import PerProcess
        from .sentry_client import new_client

        try:
            Dsn(dsn)
        except (BadDsn, ValueError) as invalid:
            raise ConfigurationError(
                f"expected {PREFIX}SENTRY_DSN to be a DSN such as https://KEY@HOST/PROJECT, got: {masked(dsn)} "
                f"({invalid}); copy it from the project's client keys"
            ) from invalid
        self._app = app
        self._client = PerProcess(new_client)
        dead_letter_stored.connect(self._report, weak=False)
        task_success.connect(self._succeeded, weak=False)
        worker_process_shutdown.connect(self._close, weak=False)  # a process of the pool runs no atexit
        atexit.register(self._close)

    def _report(
        self, sender: QueueClass, headers: Mapping[str, Any], reason: str, failure: BaseException | None, **_: Any
    ) -> None:
        from .sentry_events import error_event

        task = self._task(headers)
        task_id = headers.get("id") if isinstance(headers.get("id"), str) else None
        client = self._client.get()
        event, hint = error_event(client.options, sender, task, task_id, reason, failure)
        client.capture_event(event, hint)
        self._check_in(task, task_id, "error")

    def _succeeded(self, sender: Any, runtime: float | None = None, **_: Any) -> None:
        self._check_in(sender, sender.request.id, "ok", runtime)

    def _check_in(self, task: Any, task_id: str | None, status: str, duration: float | None = None) -> None:
        """Of a run that beat has published. One more for the same slot, such as of a duplicate, is the same one."""
        if not (getattr(task, "every", None) and task_id and task_id.startswith(f"{task.name}@")):
            return
        from .sentry_events import check_in_event

        if event := check_in_event(self._client.get().options, task, task_id, status, duration):
            self._client.get().capture_event(event)

    def _task(self, headers: Mapping[str, Any]) -> Any:
        """The task of a message, whoever has sent it."""
        name = headers.get("task")
        return self._app.tasks.get(name) if isinstance(name, str) else None

    def _close(self, **_: Any) -> None:
        if client := self._client.made():
            client.close(observability_settings().flush_timeout)
