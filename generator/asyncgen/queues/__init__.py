"""Queues added to a service, and what is derived from its queue table.

table    the line of a queue class in queues.py
edits    the outcome of an edit: done, already there, or unable with what to do by hand
derived  the parts of other files that are derived from the table
plans    the plans of add-queue and sync-queues
"""

from .edits import Edit
from .plans import check_queue, plan_queue, plan_sync

__all__ = ["Edit", "check_queue", "plan_queue", "plan_sync"]
