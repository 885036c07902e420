"""ACG107."""

import ast
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.task import Task
from asyncgen.check.findings.finding import Finding
from asyncgen.check.rules.base import Rule
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function

__all__ = ["LocalState"]

_CHANGES = {"append", "add", "update", "setdefault", "extend", "insert", "pop", "popitem", "clear", "remove"}
_MUTABLE = {
    "builtins.list", "builtins.dict", "builtins.set", "collections.defaultdict", "collections.OrderedDict",
    "collections.Counter", "collections.deque",
}  # fmt: skip
_TEMPORARY = {"tempfile.gettempdir", "tempfile.mkdtemp", "tempfile.mktemp", "tempfile.mkstemp"}


class LocalState(Rule):
    """A task keeps what it knows in its process or on its disk.

    Each worker process has its own copy of a module's variables: what one run stores, the next run sees only if it
    lands in the same process, and nothing survives a restart. A path in `/tmp` means nothing to a worker in
    another container.

    Bad:
        SEEN: set[int] = set()

        @shared_task
        def notify(user_id: int) -> None:
            if user_id not in SEEN:
                SEEN.add(user_id)
                send(user_id)

    Good:
        if cache.add(f"notified:{user_id}", 1):
            send(user_id)

    Source: https://docs.celeryq.dev/en/stable/userguide/tasks.html#state
    """

    code = "ACG107"
    name = "local-state"

    def check(self, module: Module, project: Project) -> Iterator[Finding]:
        for task in project.tasks.of(module):
            if task.run is not None:
                yield from self._state(module, project, task, task.run)
        yield from self._paths(module, project)

    def _state(self, module: Module, project: Project, task: Task, run: Function) -> Iterator[Finding]:
        shared = {n for node in ast.walk(run) if isinstance(node, ast.Global) for n in node.names}
        told: set[str] = set()
        for node in ast.walk(run):
            name = _changed(node, shared)
            if name is None or name in told:
                continue
            if name not in shared and not self._is_module_state(module, project, run, name):
                continue
            if self._is_set_once(run, name, node) or _is_memo(run, name):
                continue
            told.add(name)
            yield self.finding(
                module,
                node,
                f"{task.name} changes {name}, which every worker process has for itself",
                "keep it in the database or in Redis, or pass it as an argument",
            )

    @staticmethod
    def _is_module_state(module: Module, project: Project, run: Function, name: str) -> bool:
        if name in module.names(run):
            return False
        bound = module.names(module.tree).get(name, [])
        if len(bound) != 1 or bound[0].kind != "value" or not isinstance(bound[0].target, ast.expr):
            return False
        value = bound[0].target
        if isinstance(value, ast.List | ast.Dict | ast.Set | ast.DictComp | ast.ListComp):
            return True
        return isinstance(value, ast.Call) and project.names.name(module, value.func) in _MUTABLE

    @staticmethod
    def _is_set_once(run: Function, name: str, node: ast.AST) -> bool:
        """`if client is None: client = connect()`: each process needs its own, and that is meant."""
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            return False
        for test in ast.walk(run):
            if isinstance(test, ast.If | ast.IfExp) and any(
                isinstance(n, ast.Name) and n.id == name for n in ast.walk(test.test)
            ):
                return True
        return False

    def _paths(self, module: Module, project: Project) -> Iterator[Finding]:
        if module.kind != "code":
            return
        for sent in project.dispatches.of(module):
            if sent.method == "retry":
                continue
            for where, expr in sent.arguments():
                if self._is_local_path(module, project, expr, 0):
                    yield self.finding(
                        module,
                        expr,
                        f"{where} of {sent.title} is a path on this machine: {ast.unparse(expr)[:60]}",
                        "put the file into shared storage, and send its key",
                    )

    def _is_local_path(self, module: Module, project: Project, expr: ast.expr, depth: int) -> bool:
        if depth > 4:
            return False
        match expr:
            case ast.Constant(value=str(text)):
                return text.startswith(("/tmp/", "/var/tmp/")) and len(text) > 5
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                return text.startswith(("/tmp/", "/var/tmp/"))
            case ast.Attribute(value=ast.Name() as owner, attr="name"):
                made = self._made(module, project, owner)
                return isinstance(made, ast.Call) and project.names.name(module, made.func) in {
                    "tempfile.NamedTemporaryFile", "tempfile.TemporaryDirectory",
                }  # fmt: skip
            case ast.Call(func=func, args=args):
                name = project.names.name(module, func)
                if name in _TEMPORARY:
                    return True
                if name in {"os.path.join", "builtins.str", "pathlib.Path"} and args:
                    return self._is_local_path(module, project, args[0], depth + 1)
            case ast.Name():
                made = self._made(module, project, expr)
                if made is not None and not isinstance(made, ast.Constant):
                    return self._is_local_path(module, project, made, depth + 1)
                if isinstance(made, ast.Constant):
                    return self._is_local_path(module, project, made, depth + 1)
                return self._entered(module, project, expr)
        return False

    @staticmethod
    def _made(module: Module, project: Project, expr: ast.Name) -> ast.expr | None:
        found = project.names.bindings(module, expr.id, expr)
        if len(found) == 1 and found[0].kind in {"value", "with"}:
            target = found[0].target
            return (
                target
                if isinstance(target, ast.expr) and found[0].kind == "value"
                else (target if isinstance(target, ast.Call) else None)
            )
        return None

    @staticmethod
    def _entered(module: Module, project: Project, expr: ast.Name) -> bool:
        found = project.names.bindings(module, expr.id, expr)
        return any(
            b.kind == "with"
            and isinstance(b.target, ast.Call)
            and project.names.name(module, b.target.func) == "tempfile.TemporaryDirectory"
            for b in found
        )


def _changed(node: ast.AST, shared: set[str]) -> str | None:
    """The name of what a statement or call changes, if it may be module state."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name if name in shared else None
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
        case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name))):
            return name
        case ast.Delete(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
            return name if method in _CHANGES else None
    return None


def _is_memo(run: Function, name: str) -> bool:
    """`if key not in CACHE: CACHE[key] = load(key)`: a copy of what is kept elsewhere."""
    for node in ast.walk(run):
        match node:
            case ast.If(test=ast.Compare(ops=[ast.NotIn()], comparators=[ast.Name(id=tested)]), body=body) if (
                tested == name
            ):
                assigns = [
                    s
                    for s in body
                    if isinstance(s, ast.Assign)
                    and isinstance(s.targets[0], ast.Subscript)
                    and isinstance(s.targets[0].value, ast.Name)
                    and s.targets[0].value.id == name
                ]
                if assigns:
                    return not isinstance(assigns[0].value, ast.Constant)
    return False
