"""The part of ACG111 that looks at tasks and messages."""

import ast
import difflib
from collections.abc import Iterator

from asyncgen.check.analysis.project import Project
from asyncgen.check.celery.dispatch import ON_COMMIT, Dispatch
from asyncgen.check.celery.option_names import MESSAGE_OPTIONS, TASK_ONLY_OPTIONS, TASK_OPTIONS
from asyncgen.check.celery.task import Task
from asyncgen.check.source.module import Module

__all__ = ["Silent", "class_options", "message_options", "task_options"]

#: A node, what is wrong with it, and what to write instead.
Silent = tuple[ast.AST, str, str]

_OF_THE_MESSAGE = {
    "countdown": "give it to apply_async, or default_retry_delay for retries",
    "eta": "give it to apply_async",
    "args": "give them to apply_async or to the schedule's entry",
    "kwargs": "give them to apply_async or to the schedule's entry",
    "link": "give it to apply_async",
    "link_error": "give it to apply_async",
    "task_id": "give it to apply_async",
    "retry": "it is about publishing: give it to apply_async, or use autoretry_for",
    "retry_policy": "it is about publishing: give it to apply_async, or use retry_backoff and max_retries",
    "headers": "give them to apply_async",
} | dict.fromkeys(("interval_start", "interval_step", "interval_max"), "it is about publishing: use retry_backoff")
_ONLY_WITH_AUTORETRY = ("retry_backoff", "retry_backoff_max", "retry_jitter", "retry_kwargs")
_OF_RETRY = frozenset({"exc", "throw", "max_retries"})
_ALMOST = 0.84
_FREE = {"timeout", "connection", "headers", "retry", "args", "kwargs", "body", "properties", "router", "chain"}


def task_options(module: Module, project: Project, task: Task) -> Iterator[Silent]:
    """Options of a decorator that Celery only stores as an attribute which nothing reads."""
    for name in sorted(task.own):
        option = task.options[name]
        if option.module is not module or name in TASK_OPTIONS or name.startswith("_"):
            continue
        if _is_declared(task, name):
            continue
        near = _meant(name)
        if name in _OF_THE_MESSAGE:
            if name not in project.usage.attributes - {"args", "kwargs", "retry", "headers"}:
                yield (
                    option.node,
                    f"{name} is an option of a message, as an option of the task it does nothing",
                    _OF_THE_MESSAGE[name],
                )
        elif near and name not in project.usage.attributes:
            yield option.node, f"Celery has no task option {name}: it does nothing", f"write {near[0]}"
        elif task.base_known and not task.opaque and name not in project.usage.attributes:
            yield (
                option.node,
                f"Celery has no task option {name}, and nothing reads it: it does nothing",
                "remove it, or declare it on a base class that uses it",
            )
    yield from _without_autoretry(module, project, task)


def class_options(module: Module, project: Project) -> Iterator[Silent]:
    """What a base class of tasks declares and nothing reads, and comes close to an option."""
    if "Task" not in module.text or not module.classes:
        return
    bases = {task.base.node for task in project.tasks if task.base is not None and task.base.node is not task.node}
    for owner in module.classes:
        for statement in owner.body if owner in bases else ():
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)]) if name not in TASK_OPTIONS | project.usage.attributes:
                    near = difflib.get_close_matches(name, TASK_OPTIONS, n=1, cutoff=_ALMOST)
                    if near:
                        yield statement, f"Celery has no task option {name}: it does nothing", f"write {near[0]}"


def _meant(name: str) -> list[str]:
    """The option that a name comes close to, or whose setting it is (`task_track_started`)."""
    option = name.removeprefix("task_")
    return [option] if option in TASK_OPTIONS else difflib.get_close_matches(name, TASK_OPTIONS, n=1, cutoff=_ALMOST)


def _is_declared(task: Task, name: str) -> bool:
    return task.base is not None and task.names.class_attribute(task.base, name) is not None


def _without_autoretry(module: Module, project: Project, task: Task) -> Iterator[Silent]:
    if task.opaque or not task.base_known or task.find("autoretry_for") is not None:
        return
    for name in _ONLY_WITH_AUTORETRY:
        option = task.options.get(name)
        if option is None or name not in task.own or option.module is not module:
            continue
        if name in project.usage.attributes:
            continue
        yield (
            option.node,
            f"{name} only works with autoretry_for: without it, it does nothing",
            "name the errors in autoretry_for, or pass countdown and max_retries to self.retry()",
        )
        return


def message_options(module: Module, project: Project, sent: Dispatch) -> Iterator[Silent]:
    """Options of one message that Celery does not know, or that arrive as arguments of the task."""
    if sent.method == "retry":
        yield from _retry_arguments(project, sent)
        return
    if sent.method in {"delay", "delay_on_commit", "s", "si"}:
        yield from _flat_options(sent)
        return
    if sent.method not in {"apply_async", "send_task", *ON_COMMIT}:
        return
    if sent.opaque and sent.task is None:
        return
    if sent.task is not None and _overrides(sent.task, sent.method):
        return
    for name, keyword in sent.options.items():
        if name in MESSAGE_OPTIONS:
            continue
        if name in TASK_ONLY_OPTIONS or name == "max_retries":
            yield (
                keyword,
                f"{name} is an option of the task, given to one message it does nothing",
                "set it on the task's decorator",
            )
            continue
        near = difflib.get_close_matches(name, MESSAGE_OPTIONS, n=1, cutoff=_ALMOST)
        parameters = sent.task.parameters() if sent.task is not None else None
        if near:
            yield keyword, f"apply_async has no option {name}: it does nothing", f"write {near[0]}"
        elif parameters is not None and name in parameters:
            yield (
                keyword,
                f"{name} is an argument of the task: given to {sent.method} directly it is lost",
                f'pass kwargs={{"{name}": ...}}, or use delay',
            )
        elif sent.task is not None and sent.task.base_known and not _is_quoted(project, name):
            yield keyword, f"{sent.method} has no option {name}, and nothing reads it: it does nothing", "remove it"


def _is_quoted(project: Project, name: str) -> bool:
    """Whether some code, a router or a signal's handler, may look for an option by its name."""
    return name in project.unread_words or any(
        f'"{name}"' in module.text or f"'{name}'" in module.text for module in project.modules
    )


def _retry_arguments(project: Project, sent: Dispatch) -> Iterator[Silent]:
    if sent.task is not None and not _overrides(sent.task, "retry"):
        for name, keyword in sent.options.items():
            if name in TASK_ONLY_OPTIONS:
                yield (
                    keyword,
                    f"{name} is an option of the task, given to retry it does nothing",
                    "set it on the task's decorator with autoretry_for, or give retry a countdown that grows",
                )
            elif name not in MESSAGE_OPTIONS | _OF_RETRY and sent.task.base_known and not _is_quoted(project, name):
                near = difflib.get_close_matches(name, MESSAGE_OPTIONS | _OF_RETRY, n=1)
                yield (
                    keyword,
                    f"retry has no argument {name}: it does nothing",
                    f"write {near[0]}" if near else "remove it",
                )
    for argument in sent.call.args[:1]:
        if isinstance(argument, ast.Name) and _names_an_error(sent.module, argument):
            yield (
                argument,
                f"the first positional argument of retry is args, not the error: {argument.id} is lost",
                f"write exc={argument.id}",
            )


def _names_an_error(module: Module, argument: ast.Name) -> bool:
    return any(
        isinstance(ancestor, ast.ExceptHandler) and ancestor.name == argument.id
        for ancestor in module.ancestors(argument)
    )


def _flat_options(sent: Dispatch) -> Iterator[Silent]:
    task = sent.task
    parameters = task.parameters() if task is not None else None
    if task is None or parameters is None or task.run is None or _overrides(task, sent.method):
        return
    if len(task.run.decorator_list) > 1 or (task.has_custom_base and not task.base_known):
        return
    for keyword in sent.call.keywords:
        name = keyword.arg
        if name is None or name in parameters:
            continue
        if name in MESSAGE_OPTIONS - _FREE:
            yield (
                keyword,
                f"{name} goes to the task as an argument, which it does not take",
                f"use apply_async(..., {name}=...)" if sent.method.startswith("delay") else f"use .set({name}=...)",
            )


def _overrides(task: Task, method: str) -> bool:
    if task.base is None:
        return False
    names = task.names
    return any(
        names.class_attribute(task.base, own) is not None for own in (method, "apply_async", "__call__", "delay")
    )
