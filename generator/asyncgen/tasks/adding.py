"""The plan of new tasks: their files, from the template version that the service records, and their lines in a stub."""

from collections.abc import Sequence

from ..edits import Edit
from ..plan import Change
from ..service import Service
from ..skeletons import plan_additions
from ..source import recorded
from . import TASK, Answers, variables
from .former import check_never_used
from .stub import plan_stub

__all__ = ["plan_tasks"]


def plan_tasks(
    tasks: Sequence[tuple[str, Answers]], service: Service, template: str | None = None
) -> tuple[list[Change], list[Change], list[Edit]]:
    """The files of the tasks, the change of the stub, and its outcome; BadInput for a name that a task had before.

    template: where the template is now, if not where the service records it.
    """
    check_never_used([task for task, _ in tasks], service)
    version = recorded(template or service.src_path, service.commit)
    contexts = [variables(task, answers, service.package, service.commit) for task, answers in tasks]
    changes = plan_additions(TASK, contexts, service, version)
    return changes, *plan_stub(service, changes)
