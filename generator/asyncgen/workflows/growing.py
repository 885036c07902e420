"""The plans of add-workflow and remove-workflow: which files come and go. Nothing else in a service is touched."""

from collections.abc import Sequence

from ..errors import Refused
from ..names import words
from ..plan import Change
from ..service import Service
from ..source import Template, recorded
from ..tasks.listing import Listed
from ..tasks.render import render, skeleton
from ..tasks.unedited import check_unedited
from .contract import check_types, failure_queue, variables
from .listing import workflow_files
from .record import parse_record
from .shape import Shape

__all__ = ["plan_workflow", "plan_workflow_removal"]

_TEMPLATE = "template/workflow"


def plan_workflow(
    name: str, shape: Shape, service: Service, tasks: Sequence[Listed], template: Template | None = None
) -> list[Change]:
    """The workflow's file and its test, from the template version that the service records."""
    check_types(shape, tasks)
    natural = [task.name for task in tasks if task.idempotency == "natural"]
    values = variables(name, shape, service.package, service.commit, natural, failure_queue(service))
    files = render(skeleton(template or recorded(service.src_path, service.commit), _TEMPLATE), values, _TEMPLATE)
    return [Change("create", path, content) for path, content in files.items()]


def plan_workflow_removal(
    text: str, service: Service, *, force: bool = False, location: str | None = None
) -> list[Change]:
    """The files of a workflow, if they are as add-workflow made them, or with `force`.

    location: where the template is now, if not where the service records it.
    """
    name = "_".join(words(text))
    file, test = f"src/{service.package}/workflows/{name}.py", f"tests/workflows/test_{name}.py"
    there = [path.stem for path in workflow_files(service)]
    if name not in there:
        raise Refused(
            f"expected a workflow of this service, got: {text}; its workflows are {', '.join(there) or 'none'}"
        )
    present = [path for path in (file, test) if (service.root / path).is_file()]
    if not force:
        check_unedited(service, present, lambda text: _as_made(text, name, service, location), "add-workflow")
    return [Change("remove", path) for path in present]


def _as_made(text: str, name: str, service: Service, location: str | None) -> dict[str, str]:
    """The files that add-workflow made, by the record in the workflow's file; none where that is gone."""
    record = parse_record(text)
    if record is None:
        return {}
    version = recorded(location or service.src_path, record.release)
    values = variables(name, record.shape, service.package, record.release, record.natural, record.queue)
    return render(skeleton(version, _TEMPLATE), values, _TEMPLATE)
