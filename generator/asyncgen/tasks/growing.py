"""The plans of add-task and remove-task: which files come and go. Nothing else in a service is touched."""

from collections.abc import Mapping, Sequence

from ..errors import Refused
from ..names import words
from ..plan import Change
from ..service import Service
from ..source import Template, recorded
from .answers import Answers
from .contract import variables
from .record import parse_record
from .render import render, render_all, skeleton

__all__ = ["plan_additions", "plan_removal"]


def plan_additions(
    tasks: Sequence[tuple[str, Answers]], service: Service, template: Template | None = None
) -> list[Change]:
    """Each task's file and its test, from the template version that the service records."""
    files = skeleton(template or recorded(service.src_path, service.commit))
    values = [variables(name, answers, service.package, service.commit) for name, answers in tasks]
    return [Change("create", path, content) for made in render_all(files, values) for path, content in made.items()]


def plan_removal(
    text: str,
    service: Service,
    *,
    uses: Mapping[str, Sequence[str]] | None = None,
    force: bool = False,
    location: str | None = None,
) -> list[Change]:
    """The files of a task, if they are as add-task made them, or with `force`.

    uses: the workflows that each task is a step of; such a task stays, whatever `force` says.
    location: where the template is now, if not where the service records it.
    """
    parts = words(text)
    name = "_".join(parts[:-1] if len(parts) > 1 and parts[-1] == "task" else parts)
    task, test = f"src/{service.package}/tasks/{name}.py", f"tests/tasks/test_{name}.py"
    if not name or not (service.root / task).is_file():
        there = sorted(
            path.stem
            for path in (service.root / "src" / service.package / "tasks").glob("*.py")
            if not path.name.startswith("_")
        )
        raise Refused(f"expected a task of this service, got: {text}; its tasks are {', '.join(there) or 'none'}")
    if users := (uses or {}).get(name):
        raise Refused(
            f"expected a task that no workflow uses, got: {name}, a step of {', '.join(users)}; "
            f"run asyncgen remove-workflow {users[0]} first"
        )
    present = [path for path in (task, test) if (service.root / path).is_file()]
    if not force:
        _check_unedited(name, present, service, location)
    return [Change("remove", path) for path in present]


def _check_unedited(name: str, present: list[str], service: Service, location: str | None) -> None:
    # Universal newlines: git may have turned the line ends.
    texts = {path: (service.root / path).read_text(encoding="utf-8") for path in present}
    record = parse_record(texts[present[0]])
    files = {}
    if record:
        version = recorded(location or service.src_path, record.release)
        values = variables(name, record.answers, service.package, record.release)
        files = render(skeleton(version), values)
    for path, text in texts.items():
        if files.get(path) != text:
            raise Refused(
                f"expected {path} to be as asyncgen add-task made it, got: edits, which would be lost; "
                "keep it, or use --force"
            )
