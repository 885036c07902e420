"""The files of tasks and workflows: rendered from the template by add-*, removed by remove-* while they are unedited.

kind     what differs between tasks and workflows
render   the template's files at the version that a project records
digest   the line at the end of a rendered file, by which an edit is seen
plans    which files are created and removed
"""

from .kind import Kind
from .plans import edited_paths, plan_additions, plan_removal

__all__ = ["Kind", "edited_paths", "plan_additions", "plan_removal"]
