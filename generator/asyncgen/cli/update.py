"""`asyncgen update`: to another release of the template, or to other answers; all of it or nothing."""

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadInput
from .opening import open_service
from .options import Data, Defaults, DryRun, Json, TemplateOption, pairs
from .output import interactive, notice, say, say_json

if TYPE_CHECKING:
    from ..source import Template
    from ..update import Update
    from ..update.merging import Outcome

__all__ = ["update"]

_WORDS = {"create": "new", "replace": "changed", "remove": "removed", "keep": "kept"}


def update(
    data: Data = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="The release, tag or commit to go to.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only print whether an update is due: exit code 0 if none is, 1 if one is.")
    ] = False,
    test: Annotated[
        bool,
        typer.Option("--test", help="Run make test on the updated copy first: the project's own Makefile and tests."),
    ] = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not compile, lint and import the updated copy first.")
    ] = False,
    defaults: Defaults = False,
    template: TemplateOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring a service to the newest release of its template. It is the one that holds the current folder.

    With --data it changes an answer: broker, queue_layout, a store, a feature. The project is built anew on the side,
    merged with your edits, verified, and swapped in: an error or an interruption leaves it as it was. Tasks and
    workflows are yours and are never touched. Exit code 1 says that conflicts are left, whose markers are in place, or
    that your files import what has moved; each line is named.

    To verify it, the service is imported with the Python of its .venv, which runs the project's code; not with
    --no-verify, --dry-run or --check, nor where git tracks a part of .venv or it was not made on this machine.
    """
    from ..update import apply_outcomes, prepare, verify
    from ..update.scratch import scratch
    from ..update.versions import choose
    from .wizard import put

    if test and (check or dry_run or no_verify):
        other = "--check" if check else "--dry-run" if dry_run else "--no-verify"
        raise BadInput(f"expected --test without {other}, which runs no tests, got: both; leave one of them out")
    service = open_service(writes=not (check or dry_run))
    before, after = choose(service, template, to)
    for version in {before.notice, after.notice}:
        notice(version)
    if check:
        _print_whether_due(before, after, json)
        return
    with scratch() as folder:
        prepared = prepare(
            service,
            before,
            after,
            folder,
            given=pairs(data),
            moved=template is not None,
            ask=put if interactive() and not (defaults or json or dry_run) else None,
        )
        if prepared is None:
            _print_nothing_due(before, json)
            return
        notes = [] if no_verify else verify(prepared, folder, test=test, read_only=dry_run)
        apply_outcomes(service.root, prepared.outcomes, dry_run=dry_run)
    if json:
        say_json(_as_data(prepared, notes, dry_run))
    else:
        say(*_summary(prepared, notes, dry_run))
    if prepared.needs_attention or prepared.imports:
        raise typer.Exit(1)


def _print_whether_due(before: "Template", after: "Template", json: bool) -> None:
    from ..update.versions import is_due

    due = is_due(before, after)
    if json:
        say_json({"due": due, "from": before.name, "to": after.name})
    else:
        say(f"An update is due: {before.name} to {after.name}." if due else f"Up to date: {before.name}.")
    if due:
        raise typer.Exit(1)


def _print_nothing_due(before: "Template", json: bool) -> None:
    if json:
        say_json({"updated": False, "from": before.name, "to": before.name, "files": []})
    else:
        say(f"Up to date: {before.name}.")


def _as_data(prepared: "Update", notes: list[str], dry_run: bool) -> dict[str, Any]:
    from ..update.preview import diff
    from ..update.swap import rollback_command
    from ..update.versions import provenance

    return {
        "updated": not dry_run,
        "dry_run": dry_run,
        "from": prepared.before.name,
        "to": prepared.after.name,
        "provenance": provenance(prepared.after),
        "answers": {name: value for name, value in prepared.answers.items() if not name.startswith("_")},
        "changed_answers": {name: {"from": old, "to": new} for name, (old, new) in prepared.changed.items()},
        "new_questions": prepared.asked,
        "changelog": prepared.changelog,
        "files": [
            {
                "path": outcome.path,
                "kind": _WORDS[outcome.kind],
                "edited": outcome.edited,
                "renamed_from": outcome.origin or None,
                "conflicts": list(outcome.conflicts),
                "reason": outcome.reason or None,
                **({"diff": diff(outcome)} if dry_run else {}),
            }
            for outcome in prepared.outcomes
        ],
        "conflicts": [outcome.path for outcome in prepared.needs_attention],
        "imports": [asdict(moved) for moved in prepared.imports],
        "rollback": rollback_command(prepared.service.root, prepared.outcomes),
        "notes": [*prepared.notes, *notes],
        "advice": prepared.advice,
    }


def _summary(prepared: "Update", notes: list[str], dry_run: bool) -> list[str]:
    from ..update.preview import diff
    from ..update.swap import rollback_command

    lines = [f"{'Would update' if dry_run else 'Updated'} {prepared.service.root.name}{_way(prepared)}"]
    together = prepared.in_runtime
    lines += [_runtime(prepared, together)] if together else []
    one_by_one = [outcome for outcome in prepared.outcomes if outcome not in together]
    for outcome in one_by_one:
        word = "merged" if outcome.edited and outcome.kind == "replace" else _WORDS[outcome.kind]
        origin = f" (was {outcome.origin})" if outcome.origin else ""
        lines.append(f"  {word:<8} {outcome.path}{origin}")
    for title, entries in (
        ("What is new:", prepared.changelog),
        ("New questions:", [f"{name}: {value}" for name, value in prepared.asked.items()]),
        ("Notes:", [*prepared.notes, *notes]),
        ("Work under way:", prepared.advice),
    ):
        lines += ["", title, *(f"  {entry}" for entry in entries)] if entries else []
    if dry_run:
        shown = [text for outcome in one_by_one if outcome.kind != "keep" and (text := diff(outcome))]
        lines += ["", *shown]
    lines += ["", *_conflicts(prepared, dry_run)] if prepared.needs_attention else []
    lines += (
        ["", "Imports to change in your files:", *(f"  {moved}" for moved in prepared.imports)]
        if prepared.imports
        else []
    )
    if dry_run:
        return lines
    undo = rollback_command(prepared.service.root, prepared.outcomes)
    return [*lines, "", "Next: look at git diff, run make test, and commit.", f"To undo it: {undo}"]


def _runtime(prepared: "Update", together: "list[Outcome]") -> str:
    folder, files = prepared.runtime.folder.rstrip("/"), prepared.runtime.files
    former = len([outcome for outcome in together if outcome.successor and outcome.kind == "remove"])
    moved = f", {former} files became a part of it" if former else ""
    return f"  runtime  {folder}: replaced by release {prepared.after.name}, {files} files{moved}"


def _way(prepared: "Update") -> str:
    """From which release to which, or what else changes."""
    if prepared.before.commit != prepared.after.commit:
        return f" from {prepared.before.name} to {prepared.after.name}:"
    changes = (f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in prepared.changed.items())
    return f": {', '.join(changes)} (release {prepared.after.name})"


def _shown(answer: Any) -> str:
    return answer if isinstance(answer, str) else dumps(answer, default=str)


def _conflicts(prepared: "Update", dry_run: bool) -> list[str]:
    lines = [f"Conflicts {'that it would leave' if dry_run else 'to resolve'}:"]
    for outcome in prepared.needs_attention:
        if outcome.reason:
            lines.append(f"  {outcome.path}: {outcome.reason}")
        lines += [f"  {outcome.path}:{line}" for line in outcome.conflicts]
    return lines
