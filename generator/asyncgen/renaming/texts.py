"""What add-task and add-workflow rendered besides code and follows a task's name; what a person wrote instead stays."""

import ast
import re

from .source import Edits, Source

__all__ = ["edit_task_texts", "edit_workflow_texts"]

_STEP = r"^(    \d+\. ){old}\r?$"
_RECORD = r"^(# asyncgen: step ){old}\r?$"
"""Of release 0.2.1 and earlier ones."""


def edit_task_texts(source: Source, edits: Edits, old: str, new: str) -> None:
    """The title of a task's file or of its test, and the log text of work that is not written yet."""
    start = _docstring(source)[0]
    for title in ("The task `", "What holds for `"):
        at = source.text.find(title, start, start + 3 + len(title)) if start >= 0 else -1
        if at >= 0:
            edits.replace(source, at + len(title), f"{old}`", f"{new}`")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and node.value == f"{old} is not written yet, key %s":
            edits.replace(source, source.span(node)[0] + 1, old, new)


def edit_workflow_texts(source: Source, edits: Edits, old: str, new: str) -> None:
    """The step in a workflow's title and in the record at its end. Its id keeps the name that it has on the wire."""
    start, end = _docstring(source)
    text = source.text[start:end] if start >= 0 else ""
    if text[3:].startswith("The workflow `"):
        for found in re.finditer(_STEP.format(old=old), text, re.MULTILINE):
            edits.replace(source, start + found.end(1), old, new)
    for found in re.finditer(_RECORD.format(old=old), source.text, re.MULTILINE):
        edits.replace(source, found.end(1), old, new)


def _docstring(source: Source) -> tuple[int, int]:
    """Where the module's docstring is, with its quotes; -1 for none."""
    match source.tree.body:
        case [ast.Expr(value=ast.Constant(value=str()) as node), *_]:
            return source.span(node)
    return -1, -1
