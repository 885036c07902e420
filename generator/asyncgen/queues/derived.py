"""The parts of other files that are derived from the queue table. The service's own tests fail while they differ.

Each function edits as little as it can: what people wrote beside it stays.
"""

import re
from collections.abc import Callable, Sequence

from ..edits import Edit, edited, unable
from ..service import QueueClass, Service
from ..tasks.topology import topology
from .compose import compose, override
from .grace import MARGIN
from .kubernetes import kubernetes

__all__ = ["derive"]

_TABLE = re.compile(r"^(\| queue \| (?:longest run|max runtime) \|\n\|---\|---\|\n)(?:\|.*\n)*", re.MULTILINE)
_DIAGRAM = re.compile(r"(?<=^```mermaid\n)flowchart LR\n(?:.*\n)*?(?=```)", re.MULTILINE)

Derive = Callable[[str, str, Service, Sequence[QueueClass]], Edit]


def derive(service: Service, queues: Sequence[QueueClass]) -> list[Edit]:
    """The outcome for each derived file that the service has."""
    package = f"src/{service.package}"
    files: dict[str, Derive] = {
        "compose.yaml": compose,
        "compose.override.yaml": override,
        "kubernetes/workers.yaml": kubernetes,
        "README.md": _readme,
    }
    if service.answers.get("broker") == "rabbitmq":
        files |= {
            "rabbitmq.conf": _number(r"^(consumer_timeout = )(\d+)()$", 1000),
            ".env.example": _number(r"^(.*_CONSUMER_TIMEOUT=)(\d+)()$", 1),
        }
        if service.has_runtime:
            files[f"{package}/app.py"] = _number(r"^(.*\bconsumer_timeout=)(\d+)(\).*)$", 1)
        else:
            pattern = r"^(    consumer_timeout: int = Field\(default=)(\d+)(,.*)$"
            files[f"{package}/broker_settings.py"] = _number(pattern, 1)
    edits = []
    for path, change in files.items():
        if (service.root / path).is_file():
            try:
                text = (service.root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                edits.append(unable(path, f"save {path} as UTF-8 and run asyncgen sync-queues"))
            else:
                edits.append(change(path, text, service, queues))
    return edits


def _readme(path: str, text: str, service: Service, queues: Sequence[QueueClass]) -> Edit:
    """The table of the queues, and the diagram."""
    rows = "".join(f"| `{queue.name}` | {queue.max_runtime} s |\n" for queue in queues)
    diagram = topology(queues, scheduler=service.answers.get("scheduler") is True)
    after, tables = _TABLE.subn(rf"\g<1>{rows}", text)
    after, diagrams = _DIAGRAM.subn(diagram, after)
    if not tables:
        return unable(path, f"give {path} the table:\n| queue | max runtime |\n|---|---|\n{rows}")
    if not diagrams:
        return unable(path, f"give {path} the diagram:\n```mermaid\n{diagram}```")
    return edited(path, text, after)


def _number(pattern: str, factor: int) -> Derive:
    """RabbitMQ's consumer timeout, raised where a queue's longest run needs it; `factor`: units in a second."""

    def change(path: str, text: str, service: Service, queues: Sequence[QueueClass]) -> Edit:
        # Above the longest run and a margin, in whole minutes.
        needed = (max(queue.max_runtime for queue in queues) + MARGIN) // 60 * 60 + 60
        found = re.search(pattern, text, re.MULTILINE)
        if found is None:
            return unable(path, f"raise the consumer timeout in {path} to {needed * factor}")
        number = max(int(found[2]), needed * factor)
        return edited(path, text, f"{text[: found.start(2)]}{number}{text[found.end(2) :]}")

    return change
