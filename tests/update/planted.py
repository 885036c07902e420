"""A small template with a history, and a workdir on which the command line runs in this process."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.support import commit, write

__all__ = ["FIRST", "release", "snapshot"]

PACKAGE = "template/service/src/{{package}}"
QUEUES = '''"""The queue table."""

from enum import Enum

from .queue_class import QueueClass


class Queue(Enum):
    """The queues of this service."""

{lines}
'''
LAYOUTS = {
    "layout_single": '    DEFAULT = QueueClass("default", longest_run=300)',
    "layout_latency": '    SOON = QueueClass("soon", longest_run=10)\n    LATER = QueueClass("later", longest_run=60)',
}
QUESTIONS = """\
_subdirectory: template/service
_answers_file: .copier-answers.yml
_templates_suffix: .jinja
_envops: {trim_blocks: true, lstrip_blocks: true, keep_trailing_newline: true, undefined: jinja2.StrictUndefined}
_exclude:
  - "{% if _copier_operation == 'update' %}src/*/tasks/send_welcome.py{% endif %}"
service_name: {type: str, default: "{{ _copier_conf.dst_path.name }}"}
package: {type: str, default: "{{ service_name }}"}
broker: {type: str, choices: [redis, rabbit], default: redis}
queue_layout: {type: str, choices: [single, latency], default: single}
idempotency_store: {type: str, choices: [redis, postgresql], default: redis}
results: {type: str, choices: [none, redis], default: none}
deploy: {type: str, multiselect: true, choices: [compose, helm], default: [compose]}
layout_single: {type: bool, when: false, default: "{{ queue_layout == 'single' }}"}
layout_latency: {type: bool, when: false, default: "{{ queue_layout == 'latency' }}"}
"""
WORKER = """\
  worker-{0}:
    <<: *service
    command: [worker, --queue, {0}]
    stop_grace_period: {1}s

"""
TASK = """\
@shared_task(
    work_queue=Queue.DEFAULT,
    idempotency="lease",
    soft_time_limit=20,
    time_limit=30,
)
def send_welcome(user_id: int) -> None: ...
"""
FIRST: dict[str, str] = {
    "copier.yml": QUESTIONS,
    "CHANGELOG.md": "# Changelog\n\n## 0.1.0\n\n- The start.\n",
    "template/service/{{_copier_conf.answers_file}}.jinja": "# How it was made.\n{{ _copier_answers | to_nice_yaml }}",
    "template/service/README.md.jinja": "# {{ service_name }}\n\nOn {{ broker }}.\n\nOne.\n\nTwo.\n\nThree.\n",
    "template/service/compose.yaml.jinja": (
        "x-service: &service\n  build: .\n\nservices:\n"
        "{% if layout_single %}\n" + WORKER.format("default", 320) + "{% endif %}\n"
        "{% if layout_latency %}\n" + WORKER.format("soon", 30) + WORKER.format("later", 80) + "{% endif %}\n"
        "  redis:\n    image: redis\n"
    ),
    "template/service/run.sh": "#!/bin/sh\necho run\n",
    f"{PACKAGE}/__init__.py": "",
    f"{PACKAGE}/times.py": "".join(f"LINE_{number} = {number}\n" for number in range(1, 21)),
    f"{PACKAGE}/tasks/__init__.py": "",
    f"{PACKAGE}/tasks/send_welcome.py": TASK,
    f"{PACKAGE}/old_name.py": "".join(f"NAME_{number} = {number}\n" for number in range(1, 21)),
    f"{PACKAGE}/dropped.py": "DROPPED = True\n",
    **{
        f"{PACKAGE}/{{% if {layout} %}}queues.py{{% endif %}}": QUEUES.format(lines=lines)
        for layout, lines in LAYOUTS.items()
    },
}
"""The files of the first release."""


def release(template: Path, version: str, files: Mapping[str, str | None]) -> str:
    """A release of a template: a commit, and no tag."""
    write(template, files)
    return commit(template, f"Release {version}")


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Every file and link below a folder, without git's own, and every folder."""
    return {
        path.relative_to(folder).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "folder"
        for path in folder.rglob("*")
        if not {".git", "__pycache__"} & set(path.relative_to(folder).parts)
    }
