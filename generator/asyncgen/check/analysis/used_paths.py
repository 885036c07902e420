"""Whether a function writes a file at the path that an expression is, or looks whether there is one."""

import ast
import re

from asyncgen.check.analysis.contexts import running_function
from asyncgen.check.model.names import Names
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["UsedPaths"]

_OPENS = {"builtins.open", "io.open", "codecs.open", "gzip.open", "aiofiles.open", "zipfile.ZipFile", "tarfile.open"}
_WRITES = {"write_text", "write_bytes", "touch"}
_LOOKS = {"os.path.exists", "os.path.isfile", "os.path.getsize"}
_LOOKING = {"exists", "is_file"}
#: Methods whose first argument is the file that they write.
_EXPORTS = {"save", "to_csv", "to_excel", "to_parquet", "to_json", "to_pickle", "savefig"}
#: Functions whose second argument is the file that they write.
_COPIES = {
    "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.move", "os.rename", "os.replace",
    "urllib.request.urlretrieve",
}  # fmt: skip
_MAY_USE = re.compile(
    r"open\(|exists\(|file\(|getsize\(|ZipFile\(|\.(write_|touch|save|to_|copy|move|rename|replace|urlretrieve)"
)
_STORAGE = re.compile(r"storage", re.IGNORECASE)


class UsedPaths:
    def __init__(self, names: Names) -> None:
        self.names = names
        self._calls: dict[Function, list[ast.Call]] = {}

    def has(self, module: Module, expr: ast.Name | ast.Attribute, looks: bool) -> bool:
        """Before it is used as `expr`; `looks`: to look whether there is a file counts. What goes through a storage of
        Django's is no file of this machine's.
        """
        function = running_function(module, expr)
        if function is None:
            return False
        if function not in self._calls:
            may_use = _MAY_USE.search(module.text_of(function)) is not None
            self._calls[function] = module.calls_in(function) if may_use else []
        path = ast.unparse(expr)
        return any(
            _writes(self.names, module, call, path) or (looks and _looks(self.names, module, call, path))
            for call in self._calls[function]
            if call.lineno <= expr.lineno
        )


def _writes(names: Names, module: Module, call: ast.Call, path: str) -> bool:
    func, args = call.func, [_text(argument) for argument in call.args]
    if isinstance(func, ast.Attribute):
        if ast.unparse(func.value) == path:
            return func.attr in _WRITES or (func.attr == "open" and _is_for_writing(call, 0))
        if func.attr in _EXPORTS and args == [path] and not _STORAGE.search(last_name(func.value)):
            return True
    if path not in args[:2]:
        return False
    name = names.name(module, func)
    if name in _OPENS and args[0] == path:
        return _is_for_writing(call, 1)
    return name in _COPIES and args[1:2] == [path]


def _looks(names: Names, module: Module, call: ast.Call, path: str) -> bool:
    if isinstance(call.func, ast.Attribute) and call.func.attr in _LOOKING and ast.unparse(call.func.value) == path:
        return True
    return [_text(argument) for argument in call.args] == [path] and names.name(module, call.func) in _LOOKS


def _text(expr: ast.expr) -> str:
    """The text of an expression, within `str(...)` too."""
    match expr:
        case ast.Call(func=ast.Name(id="str"), args=[inner]):
            return ast.unparse(inner)
    return ast.unparse(expr)


def _is_for_writing(call: ast.Call, position: int) -> bool:
    mode = next((k.value for k in call.keywords if k.arg == "mode"), None) or next(iter(call.args[position:]), None)
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))
