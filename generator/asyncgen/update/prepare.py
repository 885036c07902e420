"""An update as data: everything that it would do, found out without touching the project."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..bundle import File
from ..changes import plain
from ..errors import BadInput
from ..interview import Ask
from ..module_files import strays
from ..names import ANSWERS_FILE
from ..questions import answers_from, questions
from ..safe_yaml import load_mapping
from ..service import Service
from ..source import Template
from ..trees import Tree, read_tree
from .advice import advice
from .answers import migrate_answers, old_answers
from .changelog import changelog, new_questions
from .history import chain, load
from .lock import lock_notes
from .merging import Outcome, merge
from .moved_imports import MovedImport, find_moved_imports
from .queues import with_queues
from .renames import find_renames
from .renders import exclusions, fetch, is_users, rendered
from .swap import check_clean, check_repository, project_files
from .unedited import Standing, unedited
from .versions import is_due

__all__ = ["Runtime", "Update", "prepare"]


@dataclass(frozen=True)
class Runtime:
    """The folder that its owner does not edit, with a slash at its end, and how many files the release has there."""

    folder: str
    files: int


@dataclass(frozen=True)
class Update:
    """What an update would do.

    outcomes: each file of the template that is not as it should be, by path.
    answers: all that the project will record; `asked`: those to questions that are new.
    runtime: the folder that the release brings as a whole.
    imports: the lines of the user's files that import what the release moved.
    notes: what became of answers and queues; `advice`: what to do about work under way.
    """

    service: Service
    before: Template
    after: Template
    outcomes: list[Outcome]
    runtime: Runtime
    imports: list[MovedImport]
    answers: dict[str, Any]
    asked: dict[str, Any]
    changelog: list[str]
    notes: list[str]
    advice: list[str]

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """The old and the new value of each answer that changes, by name; without new questions and the release."""
        pairs = {name: (self.service.answers.get(name), new) for name, new in self.answers.items()}
        kept = {"_commit", *self.asked}
        return {name: pair for name, pair in pairs.items() if name not in kept and pair[0] != pair[1]}

    @property
    def needs_attention(self) -> list[Outcome]:
        """The files with conflicts, and those kept although the template changed them."""
        return [outcome for outcome in self.outcomes if outcome.needs_attention]

    @property
    def in_runtime(self) -> list[Outcome]:
        """The outcomes that are reported as one: files of the runtime, or that moved there, without an edit."""
        return [
            outcome
            for outcome in self.outcomes
            if (outcome.successor or outcome.path).startswith(self.runtime.folder)
            and not (outcome.edited or outcome.origin or outcome.needs_attention)
        ]


def prepare(
    service: Service,
    before: Template,
    after: Template,
    scratch: Path,
    *,
    given: Mapping[str, object],
    moved: bool = False,
    ask: Ask | None = None,
) -> Update | None:
    """The update of a service to a release of the template and to the given answers; None if nothing is due.

    moved: the project shall record where the template is now.
    ask: puts the questions that are new.
    """
    check_repository(service.root)
    moved = moved and after.src != service.src_path
    old_files, new_files = fetch(before), fetch(after)
    old, new = (
        questions(template, files["copier.yml"].content)
        for template, files in ((before, old_files), (after, new_files))
    )
    history = load(new_files, old_files, service.answers)
    answers, notes = migrate_answers(service.answers, answers_from(given, new), old, new, history)
    if not is_due(before, after) and not moved and all(service.answers.get(name) == answers[name] for name in answers):
        return None
    exclude = exclusions(old_files) + exclusions(new_files)
    name, here = service.root.name, (service.src_path, service.commit)
    there = (after.src if moved else service.src_path, after.name if is_due(before, after) or moved else service.commit)
    base = rendered(old_files, old_answers(service.answers, old), scratch / "before", name, here, exclude=exclude)
    theirs = rendered(new_files, answers, scratch / "after", name, there, exclude=exclude, ask=ask)
    _refuse_other_packages(theirs, service.package)
    base, theirs, kept = with_queues(base, theirs, service, scratch)
    base, theirs = _without_users(base, service.package), _without_users(theirs, service.package)

    def ours(path: str) -> Standing:
        return standing(service.root, path, base)

    changed = [path for path in base if base[path] != theirs.get(path)]
    same = unedited(service.root, base, changed, ours)
    renames = find_renames(
        base,
        theirs,
        history,
        scratch,
        same_answers=all(service.answers.get(name, value) == value for name, value in answers.items()),
        edited=lambda path: path not in same,
    )
    runtime = f"src/{service.package}/runtime/"
    outcomes = merge(base, theirs, ours, same, renames, scratch, runtime=runtime)
    outcomes = [_answers_file(outcome, theirs[ANSWERS_FILE], notes) for outcome in outcomes]
    check_clean(service.root, outcomes)
    final = load_mapping(theirs[ANSWERS_FILE].content)
    modules = _modules_after(service.root, outcomes)
    users = [
        path
        for path, content in modules.items()
        if path not in theirs or is_users(path, service.package) or plain(content) != theirs[path].content
    ]
    return Update(
        service,
        before,
        after,
        outcomes,
        Runtime(runtime, len([path for path in theirs if path.startswith(runtime)])),
        find_moved_imports(users, modules, base, theirs, history, renames),
        final,
        new_questions({chain(name, history.questions, old)[-1] for name in old}, new, final),
        changelog(before, after),
        [
            *notes,
            *lock_notes(service.root, outcomes, theirs),
            *kept,
            *strays(service.root, f"src/{service.package}", "tests", below=True),
        ],
        advice(service.answers, final, service.package),
    )


def standing(root: Path, path: str, base: Tree) -> Standing:
    """What is at a path of the project; `base` are the files that the template made there."""
    place = root / path
    for folder in PurePosixPath(path).parents:
        if os.path.lexists(root / folder) and not (root / folder).is_dir():
            # What the template made itself may become a folder.
            blocked = standing(root, str(folder), base) != base.get(str(folder))
            return "blocked" if blocked else None
    if not os.path.lexists(place):
        return None
    if place.is_symlink() or not place.is_file():
        return "no file"
    return File(place.read_bytes(), bool(place.stat().st_mode & 0o100))


def _modules_after(root: Path, outcomes: Iterable[Outcome]) -> dict[str, bytes]:
    """The content of each Python module of the project after the update; without links and what cannot be read."""
    found: dict[str, bytes] = {}
    for path in project_files(root):
        if path.endswith(".py"):
            with suppress(OSError):
                found |= {path: file.content for path, file in read_tree(root, [path]).items()}
    for outcome in outcomes:
        if outcome.kind == "remove":
            found.pop(outcome.path, None)
        elif outcome.kind != "keep" and outcome.path.endswith(".py"):
            found[outcome.path] = outcome.content
    return found


def _without_users(tree: Tree, package: str) -> dict[str, File]:
    return {path: file for path, file in tree.items() if not is_users(path, package)}


def _refuse_other_packages(tree: Tree, package: str) -> None:
    others = {path.split("/")[1] for path in tree if path.startswith("src/")} - {package}
    if others:
        raise BadInput(
            f"expected the service's package to stay {package}, got: {', '.join(sorted(others))}; keep its name"
        )


def _answers_file(outcome: Outcome, theirs: File, notes: list[str]) -> Outcome:
    """The answers file never gets markers: a program reads it. What the user wrote into it may go, with a note."""
    if outcome.path != ANSWERS_FILE or not outcome.conflicts:
        return outcome
    notes.append(f"{ANSWERS_FILE} was edited by hand and is made anew: answers are changed with asyncgen update -d.")
    return replace(outcome, kind="replace", content=theirs.content, edited=False, conflicts=(), reason="")
