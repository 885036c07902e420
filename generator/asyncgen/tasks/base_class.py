"""The options that a task has from its base class, by the service's task.py and by the runtime's own defaults."""

import ast

__all__ = ["options_of_class"]

_RUNTIME: dict[str, ast.expr] = {
    "max_retries": ast.Constant(5),
    "retry_backoff": ast.Constant(1),
    "retry_backoff_max": ast.Constant(60),
    "retry_jitter": ast.Constant(True),
    "default_retry_delay": ast.Constant(5),
}
"""What the runtime's ServiceTask says of retries."""
_SERVICE_TASK = "ServiceTask"


def options_of_class(name: str, tree: ast.Module) -> dict[str, ast.expr]:
    """The options by class attributes, those of a class over those of its bases; none of a class that is elsewhere.

    name: the class, as a task names it. tree: the service's task.py, where that class may be.
    """
    last = name.rpartition(".")[2]
    node = next((each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == last), None)
    if node is None or name.endswith(f"runtime.{_SERVICE_TASK}"):
        return dict(_RUNTIME) if last == _SERVICE_TASK else {}
    rest = ast.Module([other for other in tree.body if other is not node], [])
    found: dict[str, ast.expr] = {}
    for base in reversed(node.bases):
        found |= options_of_class(ast.unparse(base), rest)
    for line in node.body:
        if isinstance(line, ast.Assign):
            found |= {target.id: line.value for target in line.targets if isinstance(target, ast.Name)}
        elif isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value:
            found[line.target.id] = line.value
    found.pop("abstract", None)  # of the class alone
    return found
