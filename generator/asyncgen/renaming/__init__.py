"""A task of a service under another name: its files move, and whoever uses it follows. Nothing is imported.

source      a file of Python with the offsets of its nodes, and edits of its text
scopes      what each name of a file is bound to, as Python looks names up
uses        the edits of one file, and what a person has to look at there
exports     by which names the task is known in the whole project
decorator   the former name among the task's options
texts       what add-task and add-workflow rendered besides code: titles, the log text, records
width       lines that are too long under the new name
ordering    imports and `__all__` sorted as before
signing     an unedited file stays one
plan        all of it, as changes
"""

from .plan import Rename, plan_rename

__all__ = ["Rename", "plan_rename"]
