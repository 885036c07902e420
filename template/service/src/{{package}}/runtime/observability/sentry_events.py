"""What Sentry is told: an event for a dead letter, a check-in for a run of a schedule.

Of an event only what `without_secrets` names is sent: never arguments, local variables, requests or breadcrumbs.
"""

import math
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sentry_sdk.utils import event_from_exception

from ..dead_letters.store import without_values
from ..names import short
from ..queues import QueueClass
from ..schedule import Slots, parse_every, period
from ..settings import NAME
from ..urls import masked
from .settings import observability_settings

__all__ = ["check_in_event", "error_event", "without_secrets"]

EVENT = (
    *("event_id", "timestamp", "level", "platform", "sdk", "release", "environment", "server_name"),
    *("transaction", "fingerprint", "tags", "type"),
)
EXCEPTION = ("type", "module")
FRAME = (
    *("filename", "abs_path", "function", "module", "lineno", "in_app"),
    *("pre_context", "context_line", "post_context"),
)
"""The fields that are sent. The contexts of a frame are lines of the source."""

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")

LONGEST = 4096
"""Characters of an exception's text."""

LONGEST_SLUG = 50


def error_event(
    options: Mapping[str, Any],
    queue: QueueClass,
    task: Any,
    task_id: str | None,
    reason: str,
    failure: BaseException | None,
) -> tuple[Any, Any]:
    """The event and the hint for a dead letter. task: None for a message that is none of a task of this service."""
    kind, _, text = reason.partition(":")
    name = task.name if task is not None else "unknown"
    hint: Any = None
    if failure is None:
        event: Any = {"level": "error", "exception": {"values": [{"type": kind, "value": text.strip()}]}}
    else:
        event, hint = event_from_exception(failure, client_options=dict(options))
    event["fingerprint"] = ["{{ default }}", name]  # where a process is lost, the stack is the same for all tasks
    event["transaction"] = name
    event["tags"] = {"task": name, "task_id": task_id or "", "queue": queue.name, "reason": kind}
    return event, hint


def check_in_event(options: Mapping[str, Any], task: Any, task_id: str, status: str, duration: float | None) -> Any:
    """The check-in of a run, or None where Sentry knows no such schedule. duration: seconds."""
    schedule = _schedule(task.every)
    if schedule is None:
        return None
    minutes = math.ceil((task.time_limit or 60) / 60)
    return {
        "type": "check_in",
        "monitor_slug": re.sub("[^a-z0-9_-]", "-", f"{NAME}-{short(task.name)}".lower())[:LONGEST_SLUG],
        "check_in_id": uuid5(NAMESPACE_URL, task_id).hex,
        "status": status,
        "duration": duration,
        "environment": options["environment"],
        "release": options["release"],
        "monitor_config": {
            "schedule": schedule,
            "timezone": "UTC",
            "checkin_margin": minutes + 1,  # it comes when the run ends
            "max_runtime": minutes,
        },
    }


def without_secrets(event: Any, hint: Any) -> Any:
    """Sentry's `before_send`: an event with the fields that are known to hold none, and no others."""
    if event.get("type") == "check_in":
        return event
    kept = {name: event[name] for name in EVENT if name in event}
    values = [_exception(each) for each in (event.get("exception") or {}).get("values") or []]
    return {**kept, "exception": {"values": values}}


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value[name] for name in EXCEPTION if name in value}
    if observability_settings().sentry_messages:
        kept["value"] = _text(str(value.get("value") or ""))
    if frames := (value.get("stacktrace") or {}).get("frames"):
        kept["stacktrace"] = {"frames": [{name: each[name] for name in FRAME if name in each} for each in frames]}
    return kept


def _text(text: str) -> str:
    return URL.sub(lambda url: masked(url[0]), without_values(text))[:LONGEST]


def _schedule(every: str) -> dict[str, Any] | None:
    """In Sentry's form, which counts in minutes."""
    parsed = parse_every(every)
    if not isinstance(parsed, Slots):
        return {"type": "crontab", "value": every}
    minutes, rest = divmod(round(period(parsed)), 60)
    return None if rest else {"type": "interval", "value": minutes, "unit": "minute"}
