"""`asyncgen new`: a service from the template."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..presets import PRESETS
from .completion import choice
from .monorepo import pipeline_advice
from .options import Data, Defaults, DryRun, Json, TemplateOption, pairs
from .output import interactive, notice, say, say_json

if TYPE_CHECKING:
    from ..project import Project, WorkTree
    from ..questions import Question
    from ..source import Template

__all__ = ["new"]


def _presets() -> str:
    named = {
        name: ", ".join(f"{question} {value or 'none'}" for question, value in answers.items())
        for name, answers in PRESETS.items()
    }
    return "; ".join(f"{name}: {answers}" for name, answers in named.items())


def new(
    destination: Annotated[str, typer.Argument(metavar="DEST", help="The folder to make; empty or not there yet.")],
    service_name: Annotated[str | None, typer.Option(help="The service's name, as people write it.")] = None,
    package: Annotated[str | None, typer.Option(help="The Python package, at most 20 letters.")] = None,
    author_name: Annotated[str | None, typer.Option(help="Who answers for the service.")] = None,
    author_email: Annotated[str | None, typer.Option(help="Where they are reached.")] = None,
    broker: Annotated[str | None, choice("redis|rabbitmq", "The message broker.")] = None,
    queue_layout: Annotated[str | None, choice("single|priority|latency", "The classes of work.")] = None,
    idempotency_store: Annotated[
        str | None, choice("redis|postgresql", "Where the keys of finished work are kept.")
    ] = None,
    results: Annotated[str | None, choice("none|redis|postgresql", "Where return values are kept.")] = None,
    scheduler: Annotated[
        bool | None, typer.Option("--scheduler/--no-scheduler", help="Run tasks on a schedule.")
    ] = None,
    producer: Annotated[str | None, choice("none|fastapi|django", "What publishes tasks for requests.")] = None,
    ci: Annotated[str | None, choice("github|gitlab|none", "Where the pipeline runs.")] = None,
    subfolder: Annotated[
        str | None,
        typer.Option(
            help="Its folder in a git repository that holds more; by default found where DEST is.", metavar="PATH"
        ),
    ] = None,
    observe: Annotated[list[str] | None, choice("metrics|traces|sentry", "What tells of its work; repeatable.")] = None,
    deploy: Annotated[list[str] | None, choice("compose|kubernetes", "What it is deployed with; repeatable.")] = None,
    preset: Annotated[
        str | None,
        choice("|".join(PRESETS), f"All answers but names and author, by default but for {_presets()}."),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(help="The answers file or the folder of a service whose answers to take.", metavar="ANSWERS.yml"),
    ] = None,
    data: Data = None,
    defaults: Defaults = False,
    template: TemplateOption = None,
    ref: Annotated[str | None, typer.Option(help="The commit or tag of the template to use.")] = None,
    no_git: Annotated[bool, typer.Option("--no-git", help="Make no repository and no first commit.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make a new service in the folder DEST.

    Inside a git work tree it makes no repository, and says how its pipeline runs in the one that is there.
    In a terminal, the questions that no flag answers are asked, and it writes after a yes. Elsewhere they take their
    defaults. The author is git's, else the one that was given the last time. Flags win over --preset and --like.
    Where uv is on PATH it writes uv.lock, which needs a network, or UV_OFFLINE and uv's cache.
    DEST appears when all is done: an error or an interruption leaves nothing behind.
    """
    given = {
        "service_name": service_name,
        "package": package,
        "author_name": author_name,
        "author_email": author_email,
        "broker": broker,
        "queue_layout": queue_layout,
        "idempotency_store": idempotency_store,
        "results": results,
        "scheduler": scheduler,
        "producer": producer,
        "ci": ci,
        "subfolder": subfolder,
        "deploy": deploy,
        "observe": observe,
    }
    flags = {name: value for name, value in given.items() if value is not None}
    extra: dict[str, object] = dict(pairs(data))
    asking = interactive() and not (defaults or json)

    from ..git import require_git
    from ..source import find
    from .dialogue import confirm
    from .new_summary import summary
    from .progress import step
    from .wizard import introduce, put

    # The template is read with git, whether or not the project gets a repository.
    require_git()
    with step("Looking for the template"):
        found = find(template, ref)

        from ..interview import load
        from ..project import check_destination, create, found_subfolder
        from ..questions import answers_from, questions

        if asking:
            load()

    from ..answer_sets import starting_answers
    from ..author import SETTINGS, known_author, remember

    target = Path(os.path.abspath(destination))
    check_destination(target)
    known = questions(found)
    tree, place = found_subfolder(target, known)
    start, notes = starting_answers(preset, like, known)
    chosen = answers_from(extra | flags, known)
    answers = place | known_author(chosen, known) | start | chosen
    for note in (found.notice, *notes):
        notice(note)
    if asking:
        introduce([] if start else PRESETS)
    lines: list[str] = []

    def review(folder: Path, final: dict[str, Any]) -> None:
        lines.extend([*summary(destination, folder, final), ""])
        if asking and not dry_run:
            say(*lines)
            lines.clear()
            confirm("Write it?")

    project = create(
        found,
        target,
        answers,
        ask=put if asking else None,
        review=review,
        step=step,
        repository=not (no_git or tree),
        keep=not dry_run,
    )
    if asking and not dry_run and SETTINGS.keys() - answers:
        remember(project.answers)
    if json:
        say_json(_as_data(project, found, tree, dry_run))
    elif dry_run:
        say(*lines, f"Would make {destination} with {len(project.files)} files:")
        say(*(f"  {path}" for path in project.files))
    else:
        say(*lines, *_next_steps(destination, project, found, tree))
        if not asking and "author_name" in known.keys() - answers:
            say("", "It names no author: give --author-name and --author-email, or set git's user.name and user.email.")
        # What was found is found again, and may be something else then.
        by_place = place.items() <= project.answers.items()
        told = {name: question for name, question in known.items() if not (by_place and name == "subfolder")}
        options = [*(["--template", template] if template else []), *(["--ref", ref] if ref else [])]
        options += ["--no-git"] if no_git else []
        say("", "The same answers again:", f"  {_replay(destination, project, told, options)}")


def _as_data(project: "Project", template: "Template", tree: "WorkTree | None", dry_run: bool) -> dict[str, Any]:
    return {
        "destination": str(project.destination),
        "template": template.src,
        "commit": template.commit,
        "answers": project.answers,
        "files": list(project.files),
        "committed": project.committed,
        "unlocked": project.unlocked or None,
        "work_tree": str(tree.root) if tree else None,
        "advice": pipeline_advice(tree, project.answers),
        "dry_run": dry_run,
    }


def _next_steps(destination: str, project: "Project", template: "Template", tree: "WorkTree | None") -> list[str]:
    from .new_summary import has_demo

    commit = ", in a new git repository" if project.committed else ""
    part = [f"It is a part of the git repository at {tree.root}: no other was made; commit it there."] if tree else []
    advice = pipeline_advice(tree, project.answers)
    unlocked = [f"It has no uv.lock, which its image needs: {project.unlocked}."] if project.unlocked else []
    return [
        f"Made {destination}: {len(project.files)} files from the template at {template.commit[:7]}{commit}.",
        *part,
        *unlocked,
        *(["", *advice] if advice else []),
        "",
        "Next:",
        f"  cd {shlex.quote(destination)}",
        *(["  make lock"] if project.unlocked else []),
        "  make test",
        *(["  make demo"] if has_demo(project.answers) else []),
        "  asyncgen add-task send_invoice",
    ]


def _replay(destination: str, project: "Project", known: "dict[str, Question]", options: list[str]) -> str:
    """The command that makes the same project without a question: what differs from a fixed default is spelt out."""
    command = ["asyncgen", "new", destination, "--defaults"]
    for name, question in known.items():
        answer, flag = project.answers.get(name), name.replace("_", "-")
        if answer is None or answer == question.default:
            continue
        if isinstance(answer, bool):
            command.append(f"--{flag}" if answer else f"--no-{flag}")
        elif answer == []:
            command += ["--data", f"{name}="]
        else:
            for item in answer if isinstance(answer, list) else [answer]:
                command += [f"--{flag}", str(item)]
    return shlex.join([*command, *options])
