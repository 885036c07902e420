"""Two contracts of a service compared: what breaks messages on their way, or producers that are not yet deployed.

compare → tasks → arguments, queues → document, schemas, changes
"""

from .changes import Change
from .compare import compare
from .sources import CONTRACT, find_contract

__all__ = ["CONTRACT", "Change", "compare", "find_contract"]
