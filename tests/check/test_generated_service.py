"""The service that asyncgen generates: clean as it comes, and its own options of tasks are understood."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

from asyncgen.check import run

ROOT = Path(__file__).parents[2]

SERVICE_TASK = """
from typing import ClassVar
from celery import Task


class ServiceTask(Task):
    abstract = True
    work_queue: ClassVar[str | None] = None
    idempotency: ClassVar[str | None] = None
    key: ClassVar[tuple[str, ...]] = ()
    keep_result: ClassVar[str | None] = None
"""
TASKS = """
from celery import shared_task
from .task import ServiceTask


@shared_task(base=ServiceTask, work_queue="default", idempotency="lease", key=("pk",), time_limit=9)
def fine(pk: int) -> None: ...


@shared_task(base=ServiceTask, work_qeue="default", time_limit=9)  # <- ACG111
def misspelt(pk: int) -> None:
    fine.delay(pk).get()  # <- ACG101
"""


def findings_in(folder: Path) -> list[dict[str, Any]]:
    stdout = io.StringIO()
    run([folder], format="json", stdout=stdout, stderr=io.StringIO())
    findings: list[dict[str, Any]] = json.loads(stdout.getvalue())["findings"]
    return findings


def test_the_golden_render_is_clean(tmp_path: Path) -> None:
    """Copied, since it stands in a folder of tests, and tests are not checked."""
    service = shutil.copytree(ROOT / "tests" / "template" / "golden", tmp_path / "service")
    shutil.copytree(ROOT / "template/service/src/{{package}}/runtime", service / "src" / "myservice" / "runtime")
    assert findings_in(service) == []
    (task,) = [path for path in service.glob("src/*/tasks/*.py") if path.name != "__init__.py"]
    task.write_text(task.read_text() + f"\n\ndef again() -> None:\n    {task.stem}.delay(lambda: 3)\n")
    assert [(finding["code"], Path(finding["path"]).name) for finding in findings_in(service)] == [
        ("ACG102", task.name)
    ]


def test_the_base_class_declares_its_own_options(project: Any) -> None:
    project.write({"shop/__init__.py": "", "shop/task.py": SERVICE_TASK, "shop/tasks.py": TASKS})
    assert project.places(project.check()) == project.marks()
