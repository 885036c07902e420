"""The timeout budget and what else a task needs of its service, read from the files: nothing is imported."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import Refused
from ..module_files import NO_PYTHON, modules
from ..service import Service, find_service
from ..tasks.breaker import has_redis

__all__ = ["broken_times"]


def broken_times(root: Path, before: Service) -> tuple[list[str], list[str]]:
    """What breaks the service's rules, a sentence for each, and the task files that are no Python.

    Only literals are judged. before: the service that a queue table which cannot be read is no
    news for.
    """
    service = find_service(root)
    queues = {queue.member: queue.max_runtime for queue in service.queues()} if _has_table(before) else None
    found: list[str] = []
    unread: list[str] = []
    for file in modules(root / "src" / before.package / "tasks"):
        try:
            tree = ast.parse(file.read_bytes())
        except NO_PYTHON:
            unread.append(file.relative_to(root).as_posix())
            continue
        for name, options in _tasks(tree):
            found += _broken(f"{file.stem}.{name}", options, queues, service.answers)
    return found, unread


def _has_table(service: Service) -> bool:
    try:
        return bool(service.queues())
    except Refused:
        return False


def _tasks(tree: ast.Module) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each decorated function, and the decorator's options: literals, and members of Queue by name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and any(keyword.arg == "work_queue" for keyword in decorator.keywords):
                yield node.name, {word.arg: _value(word.value) for word in decorator.keywords if word.arg}


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute):
        return node.attr
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _broken(
    task: str, options: dict[str, Any], queues: dict[str, int] | None, answers: dict[str, Any]
) -> Iterator[str]:
    queue, soft, hard = options.get("work_queue"), options.get("soft_time_limit"), options.get("time_limit")
    if isinstance(queue, str) and queues is not None and queue not in queues:
        yield f"{task} on the queue {queue}, which the service no longer has"
    if isinstance(soft, int) and isinstance(hard, int) and soft >= hard:
        yield f"{task} with a soft limit of {soft} s, which is not below its hard limit of {hard} s"
    if queues and isinstance(hard, int) and isinstance(queue, str) and hard > queues.get(queue, hard):
        yield f"{task} with a limit of {hard} s on {queue}, whose longest run is {queues[queue]} s"
    if options.get("idempotency") == "transactional" and answers.get("idempotency_store") != "postgresql":
        yield f"{task} with idempotency transactional, which needs the store postgresql"
    if options.get("keep_result") and answers.get("results") == "none":
        yield f"{task}, which keeps its result, where results are none"
    if options.get("breaker") and not has_redis(answers):
        yield f"{task} with a breaker, which needs a Redis"
