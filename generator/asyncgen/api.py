"""What `new`, `add-task`, `check` and `update` do, for programs: the package exports it, and loads it when it is used.

Nothing is asked, printed or exited. What cannot be done is an AsyncgenError, and then nothing was changed.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .answer_sets import starting_answers
from .author import known_author
from .check import findings_of
from .check.findings.finding import Finding
from .errors import AsyncgenError, Refused
from .git import require_git
from .locks import system_error
from .names import task_name
from .plan import apply, recover
from .project import Project, check_destination, create, found_subfolder
from .questions import answers_from, questions
from .service import Service, find_service
from .source import find
from .tasks import TaskOptions, decide
from .tasks.adding import plan_tasks
from .tasks.options import options_from
from .update import apply_outcomes, prepare, verify
from .update.scratch import scratch
from .update.swap import rollback_command
from .update.versions import choose

__all__ = [
    "AddedTask",
    "AsyncgenError",
    "CheckResult",
    "Finding",
    "Project",
    "ServiceUpdate",
    "TaskOptions",
    "add_task",
    "check_code",
    "create_service",
    "update_service",
]


@dataclass(frozen=True)
class AddedTask:
    """A task: its name, its `files`, as paths from the service's root, and what is left to do by hand, if anything."""

    name: str
    files: tuple[str, ...]
    by_hand: tuple[str, ...]


@dataclass(frozen=True)
class CheckResult:
    """What `asyncgen check` found, by path and line.

    skipped: a sentence for each file that could not be read.
    celery: whether there was Celery to check at all.
    """

    findings: tuple[Finding, ...]
    skipped: tuple[str, ...]
    celery: bool


@dataclass(frozen=True)
class ServiceUpdate:
    """What an update did, or would do: from the release `before` to the release `after`.

    files: the paths that were written or removed.
    conflicts: those of them that have conflict markers, and those that stayed although the template changed them.
    imports: the lines of the owner's files that import what has moved, and what to write instead.
    notes: what else its owner should know.
    undo: the command that takes it back, in a shell.
    """

    before: str
    after: str
    files: tuple[str, ...]
    conflicts: tuple[str, ...]
    imports: tuple[str, ...]
    notes: tuple[str, ...]
    undo: str


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(system_error(error)) from error


@_one_error()
def create_service(
    destination: str | Path,
    answers: Mapping[str, object] | None = None,
    *,
    preset: str | None = None,
    template: str | None = None,
    ref: str | None = None,
    repository: bool = True,
    dry_run: bool = False,
) -> Project:
    """Make a new service, as `asyncgen new --defaults` does.

    destination: the folder to make; empty or not there yet.
    answers: by the names of the questions, such as {"broker": "rabbitmq"}; the others take their defaults.
    preset: the name of answers to begin with, such as exactly-once.
    template: a git clone or URL of the template, instead of the one that came with asyncgen; `ref`: its commit or tag.
    repository: make a git repository and a first commit, unless the folder is in a repository already.
    dry_run: render it, and leave nothing behind.

    Raises AsyncgenError.
    """
    require_git()
    found, target = find(template, ref), Path(os.path.abspath(destination))
    check_destination(target)
    known = questions(found)
    start, _ = starting_answers(preset, None, known)
    given = answers_from(answers or {}, known)
    tree, place = found_subfolder(target, known)
    merged = place | known_author(given, known) | start | given
    return create(found, target, merged, repository=repository and tree is None, keep=not dry_run)


@_one_error()
def add_task(
    service: str | Path,
    name: str,
    options: TaskOptions | None = None,
    *,
    template: str | None = None,
    dry_run: bool = False,
) -> AddedTask:
    """Add a task and its test to a service, as `asyncgen add-task --defaults` does.

    service: its folder, or one in it.
    name: in any spelling: send_invoice, SendInvoice or send-invoice.
    options: what is not given takes a safe default.
    template: where the template is now, if not where the service records it.
    dry_run: check all, and write nothing.

    Raises AsyncgenError.
    """
    opened = _opened(service, dry_run)
    task = task_name(name, opened.module_names)
    checked = options_from(vars(options or TaskOptions()))
    changes, stub, edits = plan_tasks([(task, decide(task, checked, opened))], opened, template)
    apply(opened.root, [*changes, *stub], dry_run=dry_run)
    by_hand = tuple(edit.advice for edit in edits if edit.outcome == "unable")
    return AddedTask(task, tuple(change.path for change in (*changes, *stub)), by_hand)


@_one_error()
def check_code(
    *paths: str | Path,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    baseline: str | Path | None = None,
) -> CheckResult:
    """Find what makes a Celery project lose, repeat or block work, as `asyncgen check` does; no code of it is run.

    paths: files, folders or projects; without any, the current folder.
    select, ignore: rules by code, by the beginning of a code, or by name.
    baseline: a file that `asyncgen check --write-baseline` wrote; what it counts is left out.

    Raises AsyncgenError.
    """
    places, known = [Path(path) for path in paths], Path(baseline) if baseline is not None else None
    findings, summary = findings_of(places, select=select, ignore=ignore, baseline=known)
    return CheckResult(tuple(findings), tuple(map(str, summary.skipped)), summary.celery)


@_one_error()
def update_service(
    service: str | Path,
    answers: Mapping[str, object] | None = None,
    *,
    to: str | None = None,
    template: str | None = None,
    verified: bool = True,
    dry_run: bool = False,
) -> ServiceUpdate | None:
    """Bring a service to another release of the template, or to other answers, as `asyncgen update` does.

    Returns None if nothing is due.

    service: its folder, or one in it.
    answers: those that change, by the names of the questions.
    to: the release, tag or commit to go to; by default the newest one.
    template: where the template is now, if not where the service records it.
    verified: compile, lint and import the result first. To import it, the Python of its .venv runs its code.
    dry_run: find all out, without running the service's code, and write nothing.

    Raises AsyncgenError.
    """
    opened = _opened(service, dry_run)
    before, after = choose(opened, template, to)
    with scratch() as folder:
        prepared = prepare(opened, before, after, folder, given=answers or {}, moved=template is not None)
        if prepared is None:
            return None
        notes = verify(prepared, folder, read_only=dry_run) if verified else []
        apply_outcomes(opened.root, prepared.outcomes, dry_run=dry_run)
    return ServiceUpdate(
        before.name,
        after.name,
        tuple(outcome.path for outcome in prepared.outcomes if outcome.kind != "keep"),
        tuple(outcome.path for outcome in prepared.needs_attention),
        tuple(map(str, prepared.imports)),
        (*prepared.notes, *notes, *prepared.advice),
        rollback_command(opened.root, prepared.outcomes),
    )


def _opened(folder: str | Path, dry_run: bool) -> Service:
    """The service that holds a folder, once what a killed run left there is finished."""
    service = find_service(Path(os.path.abspath(folder)))
    return find_service(service.root) if not dry_run and recover(service.root) else service
