"""The plans of add-task, add-workflow, remove-task and remove-workflow: nothing else in a service is touched."""

from collections.abc import Mapping, Sequence

from ..errors import Refused
from ..names import words
from ..plan import Change
from ..service import Service
from ..source import Template, recorded
from .digest import is_unedited
from .kind import Kind
from .render import render, skeleton

__all__ = ["edited_paths", "plan_additions", "plan_removal"]


def plan_additions(
    kind: Kind, variables: Sequence[Mapping[str, object]], service: Service, template: Template | None = None
) -> list[Change]:
    """The files for each set of variables, from the template version that the service records."""
    files = skeleton(template or recorded(service.src_path, service.commit), kind)
    made = render(files, variables, kind)
    return [Change("create", path, content) for rendered in made for path, content in rendered.items()]


def plan_removal(
    kind: Kind,
    text: str,
    service: Service,
    *,
    uses: Mapping[str, Sequence[str]] | None = None,
    imported: Mapping[str, Sequence[str]] | None = None,
    force: bool = False,
    location: str | None = None,
) -> list[Change]:
    """The file of that name and its test, if they are as they were rendered, or with `force`.

    uses: the workflows that each task is a step of; such a task stays, whatever `force` says.
    imported: the other files that import each task; likewise.
    location: where the template is now, if not where the service records it.
    """
    parts = words(text)
    name = "_".join(parts[:-1] if len(parts) > 1 and parts[-1] == kind.word else parts)
    there = [path.stem for path in service.modules(f"{kind.word}s")]
    if name not in there:
        raise Refused(
            f"expected a {kind.word} of this service, got: {text}; its {kind.word}s are {', '.join(there) or 'none'}"
        )
    if users := (uses or {}).get(name):
        raise Refused(
            f"expected a {kind.word} that no workflow uses, got: {name}, a step of {', '.join(users)}; "
            f"run asyncgen remove-workflow {users[0]} first"
        )
    if files := (imported or {}).get(name):
        raise Refused(
            f"expected a {kind.word} that no other file imports, got: {name}, which {', '.join(files)} imports; "
            "take it out of there first, and out of its tests"
        )
    present = [path for path in kind.paths(name, service.package) if (service.root / path).is_file()]
    if not force:
        _check_unedited(kind, name, present, service, location)
    return [Change("remove", path) for path in present]


def edited_paths(kind: Kind, name: str, texts: Mapping[str, str], service: Service, location: str | None) -> list[str]:
    """Those of the files, the first of them and then its test, that are not as they were rendered.

    texts: what each of them holds, with `\n` at its line ends: git may have converted them.
    """
    differing = [path for path, text in texts.items() if not is_unedited(text)]
    record = kind.record(next(iter(texts.values())), name, service.package) if differing else None
    made: Mapping[str, str] = {}
    if record:
        template = recorded(location or service.src_path, record.release)
        [made] = render(skeleton(template, kind), [record.variables], kind)
    return [path for path in differing if made.get(path) != texts[path]]


def _check_unedited(kind: Kind, name: str, paths: Sequence[str], service: Service, location: str | None) -> None:
    texts = {path: (service.root / path).read_text(encoding="utf-8", errors="replace") for path in paths}
    for path in edited_paths(kind, name, texts, service, location):
        raise Refused(
            f"expected {path} to be as asyncgen add-{kind.word} made it, got: edits, which would be lost; "
            "keep it, or use --force"
        )
