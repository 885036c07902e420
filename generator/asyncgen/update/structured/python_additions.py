"""Python to which the user only added: whole statements, at the top level and in classes, and imports.

The template may have rewritten what is around them. What was added goes to where its file has the same neighbours.
"""

import ast
import builtins
import difflib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from .python_imports import bound_names, imported, with_imports
from .tree import UnmergeableError

__all__ = ["add_to_python"]

Body = Sequence[ast.stmt]


@dataclass(frozen=True)
class _Added:
    """A run of statements that stand together in `ours`.

    scope: the class that they are in, "" for none. start: the number of lines before it.
    lines: with the comments above them.
    before: what names the statements before them, nearest first; `after`: those after them.
    """

    scope: str
    start: int
    lines: tuple[str, ...]
    nodes: tuple[ast.stmt, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]


def add_to_python(ours: str, base: str, theirs: str) -> str:
    """The template's file with what the user added; UnmergeableError where more than that was done to `base`.

    Also for an addition that relies on what the template's file no longer has.
    """
    mine, old = ast.parse(ours), ast.parse(base)
    if not old.body:
        raise UnmergeableError("nothing to which something was added")
    lines = ours.splitlines()
    added = list(_added("", _without_imports(mine), _without_imports(old), lines, 0))
    taken = {number for run in added for number in range(run.start, run.start + len(run.lines))}
    if _beside(mine, lines, taken) != _beside(old, base.splitlines(), set()):
        raise UnmergeableError("more than additions")
    merged = theirs
    for run in added:
        merged = _insert(merged, run)
    wanted = {name for run in added for node in run.nodes for name in _needed(node)}
    before, after = imported(old), imported(mine)
    merged = with_imports(merged, [after[name] for name in after if name in wanted or name not in before])
    if missing := sorted(wanted - _bound(ast.parse(merged)) - vars(builtins).keys()):
        raise UnmergeableError(f"{missing[0]} is no longer there")
    return merged


def _without_imports(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]


def _beside(tree: ast.Module, lines: Sequence[str], taken: Container[int]) -> list[str]:
    """The lines that are neither taken nor blank nor of an import."""
    imports = {
        number
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno - 1, _end(node))
    }
    return [line for at, line in enumerate(lines) if line.strip() and at not in imports and at not in taken]


def _added(scope: str, mine: Body, old: Body, lines: Sequence[str], begin: int) -> Iterator[_Added]:
    """The statements of `mine` that `old` lacks; `begin` is the number of lines before the first statement's."""
    now, before = ([_identity(node) for node in body] for body in (mine, old))
    for what, start, stop, first, last in difflib.SequenceMatcher(None, now, before, autojunk=False).get_opcodes():
        if what == "equal":
            for node, was in zip(mine[start:stop], old[first:last], strict=True):
                if isinstance(node, ast.ClassDef) and isinstance(was, ast.ClassDef) and not scope:
                    yield from _added(node.name, node.body, was.body, lines, node.lineno)
            continue
        if what != "delete":
            raise UnmergeableError("more than additions")
        # What is above the first statement is the head of the file.
        end = _end(mine[start - 1]) if start else begin or _begin(mine[0]) - 1
        yield _Added(
            scope,
            end,
            tuple(lines[end : _end(mine[stop - 1])]),
            tuple(mine[start:stop]),
            tuple(_key(node) for node in reversed(mine[:start])),
            tuple(_key(node) for node in mine[stop:]),
        )


def _identity(node: ast.stmt) -> str:
    """What a statement says; of a class its name alone, since its body is compared by itself."""
    return f"class {node.name}" if isinstance(node, ast.ClassDef) else ast.dump(node)


def _key(node: ast.stmt) -> str:
    """What a statement is found by in another version of the file."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ast.dump(node)


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _begin(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _insert(text: str, run: _Added) -> str:
    """The text with the statements where their neighbours are, else at the end of their scope."""
    tree, lines = ast.parse(text), text.splitlines()
    body: Body = tree.body
    begin = 0
    if run.scope:
        found = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == run.scope]
        if len(found) != 1 or found[0].body[0].col_offset != run.nodes[0].col_offset:
            raise UnmergeableError(f"no class {run.scope}")
        body, begin = found[0].body, found[0].lineno
    keys = [_key(node) for node in body]
    if taken := {_key(node) for node in run.nodes if not isinstance(node, ast.Expr)} & set(keys):
        raise UnmergeableError(f"{min(taken)} was added by both")
    place = next((keys.index(key) + 1 for key in run.before if key in keys), None)
    if place is None:
        place = next((keys.index(key) for key in run.after if key in keys), len(body))
    at = _end(body[place - 1]) if place else begin
    between = 2 if not run.scope else 1
    nodes = [*(body[place - 1 : place] if place else ()), run.nodes[0]]
    blank = max(_blanks(nodes, between, first=place == 1), _leading(run.lines))
    put = [*[""] * blank, *run.lines[_leading(run.lines) :]]
    if place < len(body):
        gap = _leading(lines[at : _begin(body[place]) - 1])
        put += [""] * max(0, _blanks([run.nodes[-1], body[place]], between) - gap)
    return "\n".join([*lines[:at], *put, *lines[at:]]) + "\n"


def _blanks(nodes: Sequence[ast.stmt], between: int, *, first: bool = False) -> int:
    """How many blank lines stand between two statements as the formatter has it; 0 where it leaves that open.

    first: whether the first one begins its body, where a text is a docstring.
    """
    blocks = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    if any(isinstance(node, blocks) for node in nodes):
        return between
    after_text = len(nodes) > 1 and isinstance(nodes[0], ast.Expr) and isinstance(nodes[0].value, ast.Constant)
    return 1 if after_text and first else 0


def _leading(lines: Sequence[str]) -> int:
    return next((number for number, line in enumerate(lines) if line.strip()), len(lines))


def _needed(node: ast.stmt) -> set[str]:
    """The names that a statement uses and does not bind itself."""
    inside = list(ast.walk(node))
    used = {each.id for each in inside if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    stored = {each.id for each in inside if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    stored |= {each.arg for each in inside if isinstance(each, ast.arg)}
    handlers = {each.name for each in inside if isinstance(each, ast.ExceptHandler) and each.name}
    return used - stored - handlers - _bound(ast.Module([node], []))


def _bound(tree: ast.Module) -> set[str]:
    """The names that a module has, those inside its functions and classes too."""
    return bound_names(tree) | {"__name__", "__file__", "__package__", "__doc__"}
