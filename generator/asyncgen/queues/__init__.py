"""Queues added to a service, and what follows from its queue table.

table    the line of a queue class in queues.py
edits    the outcome of an edit: done, already there, or unable with what to do by hand
derived  what stands in other files and follows from the table
growing  the plans of add-queue and sync-queues
"""

from .edits import Edit
from .growing import check_queue, plan_queue, plan_sync

__all__ = ["Edit", "check_queue", "plan_queue", "plan_sync"]
