"""The queue table: a class `Queue` with one line for each queue class."""

import ast

from ..errors import Refused
from ..service import QueueClass, Service, read_queues

__all__ = ["line_of", "with_line"]

_WIDTH = 120


def line_of(queue: QueueClass, keyword: str) -> str:
    """The queue class as the formatter writes it, in one line if it fits; `keyword`: of its longest run."""
    options = [f'"{queue.name}"', f"{keyword}={queue.max_runtime}"]
    options += [f"prefetch={queue.prefetch}"] if queue.prefetch != 1 else []
    options += [f"concurrency={queue.concurrency}"] if queue.concurrency else []
    options += [f'pool="{queue.pool}"'] if queue.pool != "prefork" else []
    line = f"    {queue.member} = QueueClass({', '.join(options)})\n"
    if len(line) <= _WIDTH:
        return line
    return f"    {queue.member} = QueueClass(\n        {', '.join(options)}\n    )\n"


def with_line(service: Service, queue: QueueClass) -> str:
    """The text of queues.py with the queue's line after the last one; the same text if it stands there already.

    Refused for a name that another line has taken.
    """
    known = service.queues()
    shown = service.queue_table.relative_to(service.root).as_posix()
    text = service.queue_table.read_text(encoding="utf-8")
    if queue in known:
        return text
    if taken := next((other for other in known if queue.member == other.member or queue.name == other.name), None):
        raise Refused(
            f"expected {queue.name} to be a new queue, got: {taken.member} of {taken.max_runtime} s; "
            f"take another name, or change its line in {shown} and run asyncgen sync-queues"
        )
    lines = text.splitlines(keepends=True)
    member = _last_member(text)
    last = member.end_lineno or 0
    # Services of all releases know the former name.
    line = line_of(queue, "max_runtime" if "max_runtime=" in ast.unparse(member) else "longest_run")
    if last < len(lines) and not lines[last - 1].endswith("\n"):
        lines[last - 1] += "\n"
    lines.insert(last, line)
    after = "".join(lines)
    if read_queues(after) != (*known, queue):
        raise Refused(
            f"expected {shown} to end its class Queue with lines of QueueClass, got: something else; "
            f"add this line by hand and run asyncgen sync-queues: {line.strip()}"
        )
    return after


def _last_member(text: str) -> ast.Assign:
    """The last line of a queue class."""
    members = (
        line
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == "Queue"
        for line in node.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)
    )
    return max(members, key=lambda line: line.lineno)
