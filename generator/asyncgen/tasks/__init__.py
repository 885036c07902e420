"""Tasks added to a service and removed from it.

contract   the variables that `template/task` renders with: they only grow
modes      the modes of idempotency, the key, and the retries that each allows
payload    the types that travel as JSON
failure    the errors that are retried, and how long that may take
importing  whether the project can import an error
resources  the limits, the rate and the queue
every      the schedule, and when it is due next
answers    the four questions: Idempotency, Payload, Failure, Resources
options      the options of a task, from flags or a file of many tasks
record     what a task file says that it was made from
render     the template's files at the version that a project records
unedited   whether files are still as a command made them
growing    the plans of add-task and remove-task
"""

from .answers import Answers, TaskOptions, decide, decide_all
from .growing import plan_additions, plan_removal

__all__ = ["Answers", "TaskOptions", "decide", "decide_all", "plan_additions", "plan_removal"]
