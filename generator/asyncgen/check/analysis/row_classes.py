"""Of which model a row is, and which of its fields hold text or documents of any length."""

import ast
import re

from asyncgen.check.analysis.class_kinds import is_model
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.model.symbols import Symbol, symbol_of
from asyncgen.check.source.module import Module
from asyncgen.check.source.syntax import Function, last_name

__all__ = ["field_of", "is_relation", "row_class"]

_DEPTH = 6
_RELATIONS = {"ForeignKey", "OneToOneField"}
_TEXTS = {"TextField", "Text", "UnicodeText", "RichTextField", "HTMLField", "MarkdownField"}
_DOCUMENTS = {"JSONField", "JSON", "JSONB", "BinaryField", "LargeBinary", "BLOB", "XMLField"}
#: Fields that hold something to be read as a whole: without a limit in the schema, many a short text is stored, too.
_CONTENTS = re.compile(
    r"(^|_)(attachments?|article|blob|body|bytes|content|contents|csv|data|document|dump|file|html|image|json|log|logs|"
    r"markdown|message|output|payload|pdf|raw|report|response|result|results|snapshot|text|transcript|xml)(_(b64|base64))?$"
)


def field_of(project: CeleryProject, module: Module, expr: ast.Attribute) -> str:
    """`the text of Article.body`, where a row's field has no limit; else the empty string."""
    row = row_class(project, module, expr.value) if _CONTENTS.search(expr.attr) else None
    field = project.names.class_attribute(row, expr.attr) if row is not None else None
    if row is None or field is None or not isinstance(field.node, ast.Call):
        return ""
    made = field.node
    if any(keyword.arg in {"max_length", "choices"} for keyword in made.keywords):
        return ""
    types = {last_name(made.func), *(_type_name(argument) for argument in made.args)}
    what = "text" if types & _TEXTS else "document" if types & _DOCUMENTS else ""
    return f"the {what} of {row.name.rpartition('.')[2]}.{expr.attr}" if what else ""


def is_relation(project: CeleryProject, module: Module, expr: ast.Attribute) -> bool:
    """Whether a row's attribute is another row, to which a key of its own leads."""
    row = row_class(project, module, expr.value)
    field = project.names.class_attribute(row, expr.attr) if row is not None else None
    return field is not None and isinstance(field.node, ast.Call) and last_name(field.node.func) in _RELATIONS


def _type_name(argument: ast.expr) -> str:
    return last_name(argument.func if isinstance(argument, ast.Call) else argument)


def row_class(project: CeleryProject, module: Module, expr: ast.expr, depth: int = 0) -> Symbol | None:
    """The model of a row: of the query that gives it, of the class that makes it, of an annotation."""
    if depth > _DEPTH:
        return None
    match expr:
        case ast.Await(value=value) | ast.NamedExpr(value=value):
            return row_class(project, module, value, depth + 1)
        case ast.Name(id="self"):
            function = module.function_of(expr)
            owner = module.class_of(function) if function is not None else None
            return symbol_of(module, owner) if owner is not None else None
        case ast.Name() if model := _model(project, module, expr):
            return model
        case ast.Name():
            bound = project.names.bindings(module, expr.id, expr)
            if len(bound) == 1 and isinstance(bound[0].target, ast.expr):
                return row_class(project, module, bound[0].target, depth + 1)
            function = module.function_of(expr)
            return _sender(project, module, function) if function is not None and len(bound) == 1 else None
        case ast.Call(args=[model, *_]) if last_name(expr.func) in {"get_object_or_404", "query", "get", "select"}:
            return _model(project, module, model) or row_class(project, module, expr.func, depth + 1)
        case ast.Call(func=ast.Name(id="list" | "sorted"), args=[rows, *_]):
            return row_class(project, module, rows, depth + 1)
        case ast.Call(func=func):
            return row_class(project, module, func, depth + 1)
        case ast.BinOp(left=value, op=ast.BitOr()) | ast.Subscript(value=value):
            return row_class(project, module, value, depth + 1)
        case ast.Attribute(value=value):
            return _model(project, module, value) or row_class(project, module, value, depth + 1)
    return None


def _model(project: CeleryProject, module: Module, expr: ast.expr) -> Symbol | None:
    symbol = project.names.resolve(module, expr) if isinstance(expr, ast.Name | ast.Attribute) else None
    if symbol is None or not isinstance(symbol.node, ast.ClassDef):
        return None
    return symbol if is_model(project.names, symbol) else None


def _sender(project: CeleryProject, module: Module, function: Function) -> Symbol | None:
    """The model of the `instance` that a signal's receiver is given."""
    for decorator in function.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "sender":
                return _model(project, module, keyword.value)
    return None
