"""The README's queues follow from the queue table: `asyncgen sync-queues` brings them up to it."""

from pathlib import Path

from myservice.queues import Queue

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUEUES = [queue.value for queue in Queue]
SCHEDULED = False


def test_the_table_lists_every_queue_and_no_other() -> None:
    table = TEXT.partition("| queue | max runtime |\n|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [f"| `{queue.name}` | {queue.max_runtime} s |" for queue in QUEUES]


def test_the_diagram_shows_every_queue_and_no_other() -> None:
    lines = ["flowchart LR", "    publisher([publisher])"]
    lines += ["    beat([beat])"] if SCHEDULED else []
    for queue in QUEUES:
        lines.append(f"    publisher --> {queue.name}[[{queue.name}]]")
        lines += [f"    beat --> {queue.name}"] if SCHEDULED else []
        lines.append(f"    {queue.name} --> worker_{queue.name}(worker, runs of up to {queue.max_runtime} s)")
        lines.append(f"    worker_{queue.name} -. fails for good .-> {queue.name}_dead[({queue.name}.dead)]")
    assert TEXT.partition("```mermaid\n")[2].partition("\n```")[0].splitlines() == lines
