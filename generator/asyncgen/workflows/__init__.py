"""Workflows added to a service and removed from it.

shape     which tasks, in which order: a chain, a group or a chord
contract  the variables that `template/workflow` renders with: they only grow
record    what a workflow's file says that it was made from
listing   the workflows of a service, and which tasks they use
growing   the plans of add-workflow and remove-workflow
"""

from .growing import plan_workflow, plan_workflow_removal
from .listing import list_workflows
from .shape import Shape, decide_shape

__all__ = ["Shape", "decide_shape", "list_workflows", "plan_workflow", "plan_workflow_removal"]
