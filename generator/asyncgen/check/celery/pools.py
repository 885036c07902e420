"""Which pools a project's workers run their tasks in, as far as the files that start them and the settings tell.

Source: `on_apply` of the pools in `celery.concurrency`, the same from Celery 4.4 to 5.7.
"""

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["WITHOUT_LIMITS", "WITHOUT_SOFT_LIMITS", "pools_of"]

#: These run a task without any look at its limits.
WITHOUT_LIMITS = frozenset({"solo", "threads", "eventlet"})
#: These know the hard limit alone.
WITHOUT_SOFT_LIMITS = frozenset({"gevent"})

#: A worker's command, up to the next one, the next service or the end of its paragraph.
_WORKER = re.compile(r"\bcelery\b(?:(?!\bcelery\b|\n\n)[\s\S]){0,400}?\bworker\b((?:(?!\bcelery\b|\n\n)[\s\S]){0,400})")
_POOL = re.compile(r"(?:^|[\s\"',])(?:-P|--pool)[\s=,\"'-]*([\w.:]+)")


def pools_of(deployment: Iterable[str], setting: Any) -> set[str]:
    """Their names as `--pool` takes them. `setting` is the value of `worker_pool`, for workers that name none."""
    default = setting if isinstance(setting, str) else "prefork"
    commands = [match[1] for text in deployment for match in _WORKER.finditer(text)]
    found = [_POOL.search(command) for command in commands]
    return {match[1] if match is not None else default for match in found} or {default}
