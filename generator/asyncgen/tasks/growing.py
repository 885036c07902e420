"""The plans of add-task and remove-task: which files come and go. Nothing else in a service is touched."""

from collections.abc import Mapping, Sequence

from ..errors import Refused
from ..names import words
from ..plan import Change
from ..service import Service
from ..source import Template, recorded
from .answers import Answers
from .contract import variables
from .listing import task_files
from .record import parse_record
from .render import render, render_all, skeleton
from .unedited import check_unedited

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
        there = [path.stem for path in task_files(service)]
        raise Refused(f"expected a task of this service, got: {text}; its tasks are {', '.join(there) or 'none'}")
    if users := (uses or {}).get(name):
        raise Refused(
            f"expected a task that no workflow uses, got: {name}, a step of {', '.join(users)}; "
            f"run asyncgen remove-workflow {users[0]} first"
        )
    present = [path for path in (task, test) if (service.root / path).is_file()]
    if not force:
        check_unedited(service, present, lambda text: _as_made(text, name, service, location), "add-task")
    return [Change("remove", path) for path in present]


def _as_made(text: str, name: str, service: Service, location: str | None) -> dict[str, str]:
    """The files that add-task made, by the record in the task's file; none where that is gone."""
    record = parse_record(text)
    if record is None:
        return {}
    version = recorded(location or service.src_path, record.release)
    return render(skeleton(version), variables(name, record.answers, service.package, record.release))
