"""All changes between two contracts."""

from .changes import Change
from .document import Contract
from .queues import queue_changes
from .tasks import task_changes

__all__ = ["compare"]


def compare(old: Contract, new: Contract) -> list[Change]:
    """The changes that break something first, each part in the order of the contracts."""
    changes = [*queue_changes(old, new), *task_changes(old, new)]
    return sorted(changes, key=lambda change: not change.breaks)
