"""Tasks added to a service and removed from it.

contract   the variables that `template/task` renders with: they only grow
modes      the modes of idempotency, the key, and the retries that each allows
payload    the types that travel as JSON
failure    the errors that are retried, and how long that may take
importing  whether the project can import an error
resources  the limits, the rate and the queue
stub       the line of a task in `tasks/__init__.pyi`, for type checkers
every      the schedule, and when it is due next
former     the names that tasks had before, which no other one may get
answers    the four questions: Idempotency, Payload, Failure, Resources
options      the options of a task, from flags or a file of many tasks
listing    the tasks of a service, by their files and the base class in task.py
details    all that the files tell of one task: its retries in seconds, the tests that name it
record     the record in a file of release 0.2.1 or an earlier one
"""

from ..skeletons import Kind
from .answers import Answers, TaskOptions, decide, decide_all
from .contract import GROWN, variables
from .record import read_record

__all__ = ["TASK", "Answers", "TaskOptions", "decide", "decide_all", "variables"]

TASK = Kind("task", read_record, GROWN)
