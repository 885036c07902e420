"""The plan of rename-task: which files move, which follow, and what is left to do by hand."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..edits import Edit, edited, unable
from ..errors import BadInput, Refused
from ..names import task_name, words
from ..plan import Change, digest
from ..service import Service
from ..tasks import TASK
from ..tasks.former import check_never_used, literal_aliases
from ..tasks.listing import decorated, options_of
from ..workflows import WORKFLOW
from .decorator import add_former_name, wire_name
from .exports import Targets, known_names
from .files import CONTRACT, mentions, sources
from .ordering import reordered
from .scopes import Scopes
from .signing import unedited_releases, with_signature
from .source import Edits, Source, parsed
from .texts import edit_task_texts, edit_workflow_texts
from .uses import Uses
from .width import wrapped

__all__ = ["Rename", "plan_rename"]


@dataclass(frozen=True)
class Rename:
    """The task's names, and what a rename of it does.

    moved: the new path of each file by the old one. edits: the outcome for each other file.
    wire_name: what messages go on calling it, "" for a name that is computed. is_fixed: the code says so with `name=`.
    contract: the path of the contract, which has to be made anew; "" where there is none.
    """

    old: str
    new: str
    moved: Mapping[str, str]
    changes: Sequence[Change]
    edits: Sequence[Edit]
    wire_name: str
    is_fixed: bool
    contract: str


def plan_rename(old_text: str, new_text: str, service: Service, location: str | None = None) -> Rename:
    """The plan; BadInput or Refused for a name that cannot be used, and for what a rename would break.

    location: where the template is now, if not where the service records it: to tell whether files of release 0.2.1 or
    an earlier one were edited.
    """
    old = _task(old_text, service)
    new = _free_name(new_text, old, service)
    moved = {
        path: target
        for path, target in zip(TASK.paths(old, service.package), TASK.paths(new, service.package), strict=True)
        if (service.root / path).is_file()
    }
    files = sources(service, old)
    task = _checked_task(files, next(iter(moved)), old, service)
    module, new_module = (f"{service.package}.tasks.{name}" for name in (old, new))
    targets: Targets = {module: new, f"{module}.{old}": new, f"tests.tasks.test_{old}": f"test_{new}"}
    scopes = {source.path: Scopes(source) for source in files}
    targets = known_names(old, new, targets, list(scopes.values()))
    used = {path: Uses(each, old, new, targets) for path, each in scopes.items()}
    if scopes[task.path].module not in used[task.path].renamed:
        raise Refused(
            f"expected {new} to be free in {task.path}, got: another use of that name there; rename that first"
        )
    after = {source.path: _followed(source, used[source.path], old, new, service) for source in files}
    after[task.path], is_fixed = _with_former_names(parsed(task.path, task.encoded(after[task.path])), old, new, module)
    final = {source.path: source.encoded(after[source.path]) for source in files}
    final |= _signed(final, files, old, service, location)
    made = next(each for each in _tasks(parsed(task.path, final[task.path])) if each.name == new)
    return Rename(
        old,
        new,
        moved,
        _changes(final, moved, service),
        [*_edits(final, files, moved), *_advice(used, service, old)],
        wire_name(made, new_module),
        is_fixed,
        CONTRACT if (service.root / CONTRACT).is_file() else "",
    )


# ---- what is refused ----


def _task(text: str, service: Service) -> str:
    parts = words(text)
    name = "_".join(parts[:-1] if len(parts) > 1 and parts[-1] == "task" else parts)
    there = [path.stem for path in service.modules("tasks")]
    if name not in there:
        raise Refused(f"expected a task of this service, got: {text}; its tasks are {', '.join(there) or 'none'}")
    return name


def _free_name(text: str, old: str, service: Service) -> str:
    name = task_name(text, service.module_names)
    check_never_used([name], service, but=old)
    if name == old:
        raise BadInput(f"expected another name for {old}, got: the one that it has; take a new one")
    for kind in ("task", "workflow"):
        if name in [path.stem for path in service.modules(f"{kind}s")]:
            raise BadInput(
                f"expected the task's name to be free, got: {text}, a {kind} of this service; take another name"
            )
    return name


def _checked_task(files: Sequence[Source], path: str, old: str, service: Service) -> Source:
    """The task's file; Refused for one that defines no such task, and for a runtime that would not know its alias."""
    task = next((source for source in files if source.path == path), None)
    found = [each.name for each in _tasks(task)] if task else []
    if task is None or old not in found:
        got = f"the task {', '.join(found)}" if found else "no task"
        raise Refused(f"expected {path} to define the task {old}, got: {got}; give the file and its task one name")
    function = next(each for each in _tasks(task) if each.name == old)
    literal_aliases(function)
    if "name" not in options_of(function) and not _knows_aliases(service):
        raise Refused(
            "expected a service whose runtime knows the former names of a task, got: an older one; run asyncgen update"
        )
    return task


def _knows_aliases(service: Service) -> bool:
    file = service.root / "src" / service.package / "runtime/task.py"
    if not file.is_file():
        return False
    tree = parsed(file.relative_to(service.root).as_posix(), file.read_bytes()).tree
    return any(
        isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == "aliases"
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "ServiceTask"
        for line in node.body
    )


# ---- what changes ----


def _tasks(source: Source) -> list[ast.FunctionDef]:
    return [node for node in source.tree.body if isinstance(node, ast.FunctionDef) and decorated(node) is not None]


def _followed(source: Source, uses: Uses, old: str, new: str, service: Service) -> str:
    """The text of a file with the new name where the task is used."""
    edits = uses.edits
    if source.path in TASK.paths(old, service.package):
        edit_task_texts(source, edits, old, new)
    elif source.path.startswith(f"src/{service.package}/workflows/"):
        edit_workflow_texts(source, edits, old, new)
    if not edits.parts:
        return source.text
    text = wrapped(source.text, edits.applied(source.text))
    return reordered(source, parsed(source.path, source.encoded(text)))


def _with_former_names(source: Source, old: str, new: str, module: str) -> tuple[str, bool]:
    """The task's file, in which each task has its former name; whether the task's own name is a fixed one."""
    edits, is_fixed = Edits(), False
    new_module = f"{module.rpartition('.')[0]}.{new}"
    for function in _tasks(source):
        former = old if function.name == new else function.name
        added = add_former_name(source, edits, function, f"{module}.{former}", f"{new_module}.{function.name}")
        is_fixed = is_fixed or (function.name == new and not added)
    return edits.applied(source.text), is_fixed


def _signed(
    final: Mapping[str, bytes], files: Sequence[Source], old: str, service: Service, location: str | None
) -> dict[str, bytes]:
    """The files with a record of how they were rendered, for those that were unedited."""
    changed = {source.path for source in files if final[source.path] != source.content}
    pairs = [(TASK, old)]
    for file in service.modules("workflows"):
        if changed & {*WORKFLOW.paths(file.stem, service.package)}:
            pairs.append((WORKFLOW, file.stem))
    made = {}
    for path, release in unedited_releases(pairs, service, location).items():
        standing = (service.root / path).read_bytes()
        content = with_signature(final.get(path, standing).decode(), release).encode()
        if content != standing:
            made[path] = content
    return made


def _changes(final: Mapping[str, bytes], moved: Mapping[str, str], service: Service) -> list[Change]:
    changes = []
    for path, content in sorted(final.items()):
        file = service.root / path
        before = digest(file)
        if path in moved:
            executable = bool(file.stat().st_mode & 0o100)
            changes.append(Change("create", moved[path], content, executable=executable))
            changes.append(Change("remove", path, before=before))
        elif content != file.read_bytes():
            changes.append(Change("replace", path, content, before=before))
    return changes


def _edits(final: Mapping[str, bytes], files: Sequence[Source], moved: Mapping[str, str]) -> list[Edit]:
    before = {source.path: source.content for source in files}
    return [
        edited(path, "", content.decode(errors="replace"))
        for path, content in sorted(final.items())
        if path not in moved and before.get(path) != content
    ]


def _advice(used: Mapping[str, Uses], service: Service, old: str) -> list[Edit]:
    found = [
        unable(path, f"{path}:{line}: {what}")
        for path, uses in sorted(used.items())
        for line, what in sorted(uses.advice.items())
    ]
    return found + [
        unable(path, f"{path}:{line}: {text} is of the former name") for path, line, text in mentions(service, old)
    ]
