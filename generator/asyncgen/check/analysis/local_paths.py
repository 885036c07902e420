"""Whether an expression is a path on the disk of the machine that the code runs on."""

import ast
import re

from asyncgen.check.analysis.kind_names import MODEL
from asyncgen.check.analysis.kinds import Kinds
from asyncgen.check.analysis.stores import assigned_to
from asyncgen.check.analysis.used_paths import UsedPaths
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Binding, is_none, last_name

__all__ = ["LocalPaths"]

_DEPTH = 8
_ROOTS = ("/tmp/", "/var/tmp/", "/dev/shm/")
_TEMPORARY = {"tempfile.gettempdir", "tempfile.mkdtemp", "tempfile.mktemp"}
_HERE = {"os.getcwd", "pathlib.Path.cwd", "pathlib.Path.home", "os.path.expanduser"}
_LISTINGS = {"glob.glob", "glob.iglob"}
_FILES = {
    "tempfile.NamedTemporaryFile", "tempfile.TemporaryDirectory", "builtins.open", "io.open", "codecs.open",
    "gzip.open", "zipfile.ZipFile", "tarfile.open",
}  # fmt: skip
#: They give the path back that they are given, or one below it, or a list of them.
_SAME = {
    "os.path.join", "os.path.dirname", "os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath",
    "builtins.str", "builtins.list", "builtins.sorted", "builtins.tuple",
    "pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath",
}  # fmt: skip
_SAME_METHODS = {
    "as_posix", "absolute", "resolve", "joinpath", "with_suffix", "with_name", "with_stem", "expanduser", "format",
}  # fmt: skip
_STORAGE = re.compile(r"storage$|^fs$", re.IGNORECASE)
_FILE_FIELD = re.compile(
    r"(^|_)(file|image|upload|attachment|photo|avatar|video|audio|document|picture|media|csv|pdf|logo|archive|thumbnail|cover)$"
)
_FOLDER = re.compile(r"ROOT|DIR|FOLDER|PATH", re.IGNORECASE)
_SHARED = re.compile(
    r"shared|(?<![a-z])(nfs|efs|mnt|mount|s3|gcs|gs|bucket|smb|cifs|network|volume)(?![a-z])", re.IGNORECASE
)
#: Is installed with the code, and so on each machine.
_SHIPPED = re.compile(r"__file__|BASE_DIR|importlib|pkg_resources|fixtures|site-packages")


class LocalPaths:
    def __init__(self, project: CeleryProject, kinds: Kinds) -> None:
        self.project = project
        self.kinds = kinds
        self.used = UsedPaths(project.names)

    def has(self, module: Module, expr: ast.expr, depth: int = 0) -> bool:
        """Whether an expression is such a path, or a collection that has one in it."""
        if depth > _DEPTH or _SHARED.search(ast.unparse(expr)):
            return False
        match expr:
            case ast.Constant(value=str(text)):
                return text.startswith(_ROOTS) and text not in _ROOTS
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                return text.startswith(_ROOTS)
            case ast.JoinedStr(values=[ast.FormattedValue(value=value), *_]) | ast.FormattedValue(value=value):
                return self.has(module, value, depth + 1)
            case ast.BinOp(left=left, op=ast.Div() | ast.Add() | ast.Mod()):
                return self.has(module, left, depth + 1)
            case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
                return any(self.has(module, part, depth + 1) for part in parts)
            case ast.ListComp(elt=part) | ast.GeneratorExp(elt=part):
                return self.has(module, part, depth + 1)
            case ast.IfExp(body=one, orelse=other):
                return self.has(module, one, depth + 1) and self.has(module, other, depth + 1)
            case ast.Call():
                return self._call(module, expr, depth + 1)
            case ast.Subscript(value=ast.Call(func=func, args=[inner]), slice=ast.Constant(value=0)):
                return self.project.names.name(module, func) == "os.path.split" and self.has(module, inner, depth + 1)
            case ast.Attribute():
                return self._attribute(module, expr, depth + 1)
            case ast.Name():
                found = self._bindings(module, expr)
                made = bool(found) and all(self._bound(module, expr.id, b, depth + 1) for b in found)
                return made or self._is_used(module, expr, found)
        return False

    # ---- calls ----

    def _call(self, module: Module, call: ast.Call, depth: int) -> bool:
        name = self.project.names.name(module, call.func)
        if name in _TEMPORARY | _HERE:
            return True
        if name in _LISTINGS:
            return not _SHIPPED.search(ast.unparse(call))
        if name in _SAME:
            return bool(call.args) and (
                self.has(module, call.args[0], depth)
                or (name == "os.path.join" and any(self._is_of_file(module, call, part) for part in call.args[1:]))
            )
        if isinstance(call.func, ast.Attribute):
            return self._method(module, call, call.func, depth)
        return self._returned(module, call, depth)

    def _method(self, module: Module, call: ast.Call, func: ast.Attribute, depth: int) -> bool:
        if func.attr in _SAME_METHODS:
            return self.has(module, func.value, depth)
        if func.attr in {"iterdir", "rglob", "glob"}:
            known = func.attr != "glob" or self._is_path(module, func.value)
            return known and not _SHIPPED.search(self._origin(module, func.value))
        if func.attr == "temporary_file_path":
            return True
        if func.attr == "path" and len(call.args) == 1:
            return _STORAGE.search(last_name(func.value)) is not None or "FileSystemStorage" in self._origin(
                module, func.value
            )
        return self._returned(module, call, depth)

    def _returned(self, module: Module, call: ast.Call, depth: int) -> bool:
        """What a function of the project gives back, if that is never anything else."""
        callee = self.project.names.shallow.resolve(module, call.func)
        if callee is None or callee.module is None or not isinstance(callee.node, ast.FunctionDef):
            return False
        return self._gives(callee.module, callee.node, depth)

    def _gives(self, home: Module, function: ast.FunctionDef, depth: int) -> bool:
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        values = [v for v in values if not is_none(v)]
        return bool(values) and all(value is not None and self.has(home, value, depth + 1) for value in values)

    def _is_path(self, module: Module, expr: ast.expr) -> bool:
        return self.project.names.name(module, expr).startswith("pathlib.") or (
            isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Div)
        )

    def _origin(self, module: Module, expr: ast.expr) -> str:
        """An expression and what its name is assigned, as text."""
        made = self._made(module, expr)
        return ast.unparse(expr) + (f" {ast.unparse(made)}" if made is not None else "")

    # ---- names and attributes ----

    def _attribute(self, module: Module, expr: ast.Attribute, depth: int) -> bool:
        if expr.attr == "name":
            made = self._made(module, expr.value)
            if not isinstance(made, ast.Call) or self.project.names.name(module, made.func) not in _FILES:
                return False
            return not any(_SHARED.search(self._origin(module, k.value)) for k in made.keywords if k.arg == "dir")
        if expr.attr == "path":
            return self._is_file_field(module, expr.value) or self._is_scanned(module, expr.value)
        if expr.attr == "parent":
            return self.has(module, expr.value, depth)
        own = self.project.names.resolve(module, expr)
        if own is not None and own.module is not None and isinstance(own.node, ast.FunctionDef):
            return any(last_name(d).endswith("property") for d in own.node.decorator_list) and self._gives(
                own.module, own.node, depth
            )
        values = assigned_to(module, expr)
        if values:
            return all(self.has(module, value, depth) for value in values)
        return isinstance(expr.value, ast.Name) and expr.value.id == "self" and self._is_used(module, expr, [])

    def _is_file_field(self, module: Module, expr: ast.expr) -> bool:
        """`upload.file` of `upload.file.path`: storages that have no path on this machine raise."""
        if not isinstance(expr, ast.Attribute):
            return False
        named = _FILE_FIELD.search(expr.attr) is not None
        return named and ("django" in module.text or self.kinds.of(module, expr.value) == MODEL)

    def _is_scanned(self, module: Module, expr: ast.expr) -> bool:
        """An entry of `os.scandir`."""
        return "os.scandir(" in self._origin(module, expr)

    def _bindings(self, module: Module, expr: ast.Name) -> list[Binding]:
        """Where a name gets its meaning; within a loop that binds it, there alone."""
        found = self.project.names.bindings(module, expr.id, expr)
        around = module.ancestors(expr) if len(found) > 1 else []
        for ancestor in around:
            loops = {ancestor, *getattr(ancestor, "generators", []), *getattr(ancestor, "items", [])}
            within = [b for b in found if b.kind in {"loop", "with"} and b.node in loops]
            if within:
                return within
        return found

    def _made(self, module: Module, expr: ast.expr) -> ast.expr | None:
        """What a name is bound to, by an assignment, a loop or a `with`."""
        if not isinstance(expr, ast.Name):
            return expr if isinstance(expr, ast.Call) else None
        found = self._bindings(module, expr)
        known = len(found) == 1 and found[0].kind in {"value", "with", "loop"}
        return found[0].target if known and isinstance(found[0].target, ast.expr) else None

    def _bound(self, module: Module, name: str, binding: Binding, depth: int) -> bool:
        target = binding.target
        if binding.kind == "with" and isinstance(target, ast.Call):
            return self.project.names.name(module, target.func) == "tempfile.TemporaryDirectory"
        if binding.kind == "loop" and isinstance(target, ast.expr):
            return self.has(module, target, depth)
        if binding.kind == "value" and isinstance(target, ast.expr):
            return self.has(module, target, depth)
        match binding.node:
            case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id=second)])], value=ast.Call(func=func)):
                return second == name and self.project.names.name(module, func) == "tempfile.mkstemp"
        return self._is_listed_by(module, name, binding)

    def _is_of_file(self, module: Module, joined: ast.Call, expr: ast.expr) -> bool:
        """Whether a name that is joined to a folder is that of a file which a listing or a storage gave."""
        if isinstance(expr, ast.Attribute) and expr.attr == "name":
            stored = self._is_file_field(module, expr.value)
            return stored and _FOLDER.search(ast.unparse(joined.args[0])) is not None
        if not isinstance(expr, ast.Name):
            return False
        found = self._bindings(module, expr)
        if len(found) != 1:
            return False
        match found[0]:
            case Binding(kind="value", target=ast.Call(func=ast.Attribute(attr="save"))):
                return _FOLDER.search(ast.unparse(joined.args[0])) is not None
            case Binding(kind="loop", target=ast.Call() as over):
                listed = self.project.names.name(module, over.func) == "os.listdir"
                return listed and not _SHIPPED.search(self._origin(module, (over.args or [over])[0]))
        return False

    def _is_listed_by(self, module: Module, name: str, binding: Binding) -> bool:
        """`root` of `for root, folders, files in os.walk(folder)`."""
        match binding.node:
            case ast.For(target=ast.Tuple(elts=[ast.Name(id=root), *_]), iter=ast.Call() as over) if root == name:
                walked = self.project.names.name(module, over.func) == "os.walk"
                return walked and not _SHIPPED.search(self._origin(module, (over.args or [over])[0]))
        return False

    def _is_used(self, module: Module, expr: ast.Name | ast.Attribute, found: list[Binding]) -> bool:
        """Whether the same function has a file there."""
        origin = " ".join(ast.unparse(b.target) for b in found if isinstance(b.target, ast.expr))
        if _SHARED.search(origin):
            return False
        return self.used.has(module, expr, looks=not _SHIPPED.search(origin))
