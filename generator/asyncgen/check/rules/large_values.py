"""Values that are as large as somebody likes: lists of all rows, documents, bodies of requests, copies of rows."""

import ast
import re

from asyncgen.check.analysis.kind_names import FILE, MODEL, QUERYSET, REQUEST, RESPONSE, VALUES
from asyncgen.check.analysis.project import Project
from asyncgen.check.analysis.row_classes import field_of
from asyncgen.check.rules.route_bodies import is_body_of_route
from asyncgen.check.rules.rows import COPIES, Rows, filling
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import last_name

__all__ = ["LargeValues"]

_DEPTH = 6
_LIST = "an unbounded list"
_DOCUMENT = "a whole document"
_ANSWER = "a whole response"
_BODY = "the whole body of a request"
_COPY = "a copy of a row"
#: Functions whose result is as large as what they are given.
_ENCODERS = {"b64encode", "dumps", "loads", "str", "jsonable_encoder", "compress", "hexlify", "quote"}
#: Methods whose result is as large as what they are called on.
_CONVERSIONS = {"decode", "encode", "dict", "to_dict", "copy", "hex", "strip", "split", "splitlines"}
_OF_REQUEST = {"body", "data", "POST", "json", "json_body", "form"}
_DUMPS = {"model_dump", "model_dump_json", "dict", "json"}
_OF_SERIALIZER = {"data": _COPY, "validated_data": _BODY}
_CALLED_ON_REQUEST = {"json", "get_json", "get_data", "body", "read", "form"}
_READS = {"read", "read_text", "read_bytes", "getvalue", "readlines"}
_READERS = {"csv.reader", "csv.DictReader"}
_FRAME = re.compile(r"(^|_)(df|frame|dataframe)\d*$")
_FRAME_METHODS = {"to_json", "to_csv", "to_dict", "to_records", "to_html", "to_string", "to_parquet"}
_FILE = re.compile(
    r"(^|_)(f|fp|fh|file|upload|attachment|document|image|photo|pdf|csv|stream|buffer|blob|archive|open|urlopen)\d*$|"
    r"(^|_)resp(onse)?$"
)
_RESPONSE = re.compile(r"(^|_)resp(onse)?$")
_CONTENT = re.compile(r"(^|_)(content|contents|data|bytes|image|pdf|file|attachment|document|photo|audio|video)$")
_RECORDS = re.compile(r"^(data|documents|entries|events|hits|items|objects|records|results|rows)$")
_SERIALIZER = re.compile(r"[sS]erializer$")


class LargeValues:
    def __init__(self, project: Project, rows: Rows) -> None:
        self.project = project
        self.rows = rows

    def what(self, module: Module, expr: ast.expr, depth: int = 0) -> str:
        """In words what makes an expression large, or the empty string."""
        if depth > _DEPTH:
            return ""

        def first(*parts: ast.expr) -> str:
            return next((found for part in parts if (found := self.what(module, part, depth + 1))), "")

        match expr:
            case ast.Await(value=value) | ast.Starred(value=value) | ast.NamedExpr(value=value):
                return first(value)
            case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
                return first(*parts)
            case ast.IfExp(body=one, orelse=other):
                return first(one, other)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                if self.rows.are_many(module, expr):
                    return _LIST
                return _of_each(first(expr.generators[0].iter))
            case ast.Call():
                return self._call(module, expr, depth)
            case ast.Subscript(value=value, slice=ast.Slice(upper=None)):
                return first(value)
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                return self._of_body(key, first(value))
            case ast.Attribute():
                return self._attribute(module, expr)
            case ast.Name():
                bound = self.project.names.bindings(module, expr.id, expr)
                made = [b.target for b in bound if b.kind == "value" and isinstance(b.target, ast.expr)]
                found = first(*made) or (
                    _BODY if is_body_of_route(self.project, module, expr, {"dict", "Dict"}) else ""
                )
                if len(bound) > 1 and found not in {_BODY, _DOCUMENT}:
                    found = ""
                if not found and self._is_list(module, expr):
                    return _LIST
                return found or _of_each(first(*(loop.iter for loop in filling(module, expr, made))))
        return ""

    def _is_list(self, module: Module, expr: ast.expr) -> bool:
        """Whether an expression is a list of rows; a query itself is no value at all, as another rule says."""
        return self.project.kinds.of(module, expr) not in {QUERYSET, VALUES} and self.rows.are_many(module, expr)

    def _call(self, module: Module, call: ast.Call, depth: int) -> str:
        func, name = call.func, last_name(call.func)
        inner = call.args[0] if call.args else None
        if self._is_list(module, call):
            return _LIST
        if self.project.names.name(module, func) in _READERS:
            return _DOCUMENT
        if name == "model_to_dict" or self.project.names.name(module, func) == "django.core.serializers.serialize":
            return _COPY
        if name == "b64encode" and inner is not None and _CONTENT.search(last_name(inner)):
            return _DOCUMENT
        if (isinstance(func, ast.Name) and name in {*COPIES, "dict"}) or name in _ENCODERS:
            parts = [*call.args, *(keyword.value for keyword in call.keywords)] if name == "dict" else call.args[:1]
            return next((found for part in parts if (found := self.what(module, part, depth + 1))), "")
        if not isinstance(func, ast.Attribute):
            return ""
        if name == "join" and inner is not None and self.rows.are_many(module, inner):
            return _LIST
        return self._method(module, call, func, depth)

    def _method(self, module: Module, call: ast.Call, func: ast.Attribute, depth: int) -> str:
        kind = self.project.kinds.of(module, func.value)
        if func.attr in _CALLED_ON_REQUEST and kind == REQUEST:
            return _BODY
        if func.attr in _FRAME_METHODS and self._is_frame(module, func.value):
            return _DOCUMENT
        if func.attr in _DUMPS and is_body_of_route(self.project, module, func.value) and not call.args:
            return "" if any(keyword.arg == "include" for keyword in call.keywords) else _BODY
        if func.attr in _CONVERSIONS and all(isinstance(argument, ast.Constant) for argument in call.args):
            return self.what(module, func.value, depth + 1)
        match call:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
                return self._of_body(key, self.what(module, func.value, depth + 1))
        if call.args:
            return ""
        if func.attr in {"iter_rows", "iterrows", "itertuples"}:
            return _DOCUMENT
        if func.attr in {"read_text", "read_bytes"} or (
            func.attr in _READS and self._is_file(module, func.value, kind)
        ):
            return _DOCUMENT
        if func.attr == "json" and _is_response(func.value, kind):
            return _ANSWER
        return ""

    @staticmethod
    def _of_body(key: str, whole: str) -> str:
        """What a request has under a key: a document by its name; what an answer has, a list of records by its name."""
        if whole == _ANSWER and _RECORDS.search(key):
            return f"the {key} of a response"
        return "a document of a request" if whole == _BODY and _CONTENT.search(key) else ""

    def _is_frame(self, module: Module, expr: ast.expr) -> bool:
        made = self.project.names.name(module, expr)
        return made.startswith(("pandas.", "polars.")) or _FRAME.search(last_name(expr)) is not None

    def _attribute(self, module: Module, expr: ast.Attribute) -> str:
        kind = self.project.kinds.of(module, expr.value)
        if kind == REQUEST:
            return _BODY if expr.attr in _OF_REQUEST else ""
        if expr.attr in {"content", "text"} and _is_response(expr.value, kind):
            return _ANSWER
        if expr.attr in _OF_SERIALIZER and (_is_serializer(expr.value) or self._is_made_serializer(module, expr.value)):
            return _OF_SERIALIZER[expr.attr]
        return field_of(self.project, module, expr) if kind == MODEL else ""

    def _is_file(self, module: Module, expr: ast.expr, kind: str) -> bool:
        """By its kind, or by the name of it or of what it was assigned: `upload = request.data["file"]`."""
        match expr:
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                pass
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
                pass
            case _:
                name = last_name(expr.func if isinstance(expr, ast.Call) else expr)
        if kind in {FILE, RESPONSE} or _FILE.search(name):
            return True
        if isinstance(expr, ast.Name):
            bound = self.project.names.bindings(module, expr.id, expr)
            made = bound[0].target if len(bound) == 1 and bound[0].kind == "value" else None
            return isinstance(made, ast.Call | ast.Subscript) and self._is_file(module, made, "")
        return isinstance(expr, ast.Call | ast.Subscript) and ".FILES" in ast.unparse(expr)

    def _is_made_serializer(self, module: Module, expr: ast.expr) -> bool:
        bound = self.project.names.bindings(module, expr.id, expr) if isinstance(expr, ast.Name) else []
        made = [binding.target for binding in bound if isinstance(binding.target, ast.expr)]
        return len(made) == len(bound) > 0 and all(map(_is_serializer, made))


def _of_each(found: str) -> str:
    """What a list is of which each element comes from a large value; of an answer, a part may be small."""
    return f"a list from {found}" if found in {_DOCUMENT, _BODY} else ""


def _is_response(expr: ast.expr, kind: str) -> bool:
    return kind == RESPONSE or _RESPONSE.search(last_name(expr)) is not None


def _is_serializer(expr: ast.expr) -> bool:
    return _SERIALIZER.search(last_name(expr.func if isinstance(expr, ast.Call) else expr)) is not None
