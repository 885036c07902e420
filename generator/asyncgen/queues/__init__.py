"""Queues added to a service, and what is derived from its queue table.

table    the line of a queue class in queues.py
derived  the parts of other files that are derived from the table
plans    the plans of add-queue and sync-queues
"""

from .plans import check_queue, plan_queue, plan_sync

__all__ = ["check_queue", "plan_queue", "plan_sync"]
