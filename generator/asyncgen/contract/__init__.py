"""Two contracts of a service compared: what breaks messages on their way, or producers that are not yet deployed.

compare → tasks → arguments, queues → document, schemas, changes
"""

from .changes import Change
from .compare import compare
from .document import Queue, Task, contract_of, load_document, misfit
from .sources import CONTRACT, find_contract

__all__ = ["CONTRACT", "Change", "Queue", "Task", "compare", "contract_of", "find_contract", "load_document", "misfit"]
