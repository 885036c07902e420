"""Whether a task's work is still the body that add-task rendered: it logs, and does nothing else."""

import ast

__all__ = ["unwritten_work"]


def unwritten_work(tree: ast.Module, name: str) -> ast.FunctionDef | None:
    """The function `work` of the task called `name`, if nobody has written it yet."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "work":
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            statements = [ast.unparse(statement) for statement in body]
            return node if statements in _rendered(name) else None
    return None


def _rendered(name: str) -> tuple[list[str], list[str]]:
    logs = f"logger.info('{name} is not written yet, key %s', task.idempotency_key)"
    return [logs], [logs, "return {'key': task.idempotency_key}"]
