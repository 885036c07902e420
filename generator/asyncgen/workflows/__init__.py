"""Workflows added to a service and removed from it.

shape     which tasks, in which order: a chain, a group or a chord
contract  the variables that `template/workflow` renders with: they only grow
record    the record in a file of release 0.2.1 or an earlier one
listing   the workflows of a service, and which tasks they use
"""

from ..skeletons import Kind
from .contract import new_variables
from .listing import list_workflows
from .record import read_record
from .shape import Shape, decide_shape

__all__ = ["WORKFLOW", "Shape", "decide_shape", "list_workflows", "new_variables"]

WORKFLOW = Kind("workflow", read_record)
