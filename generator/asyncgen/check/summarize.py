"""What a run has seen, counted where it is known: tasks and settings by project, files over all."""

import re
from collections import Counter

from asyncgen.check.discovery import Selection
from asyncgen.check.options import Options
from asyncgen.check.source.files import WORDS
from asyncgen.check.source.module import Module
from asyncgen.check.source.skipped import Skipped
from asyncgen.check.summary import Files, ProjectSummary, Summary

__all__ = ["summarize", "summarize_project"]


def summarize_project(selection: Selection, modules: list[Module]) -> ProjectSummary:
    """`modules` are those that were checked."""
    project = selection.project
    found = project.configuration.found
    settings = [setting for setting in found.entries if setting.name]
    tasks = sum(len(project.tasks.of(module)) for module in modules)
    configured = bool(found.applications or settings)
    in_use = bool(modules) and (configured or tasks > 0 or _is_named_in(modules))
    return ProjectSummary(
        path=selection.shown,
        files=len(modules),
        celery=in_use,
        tasks=tasks,
        applications=tuple((module.shown, call.lineno) for module, call in found.applications),
        state=("complete" if project.configuration.known else "partial") if configured else "absent",
        configuration=tuple(dict.fromkeys(setting.module.shown for setting in settings)),
    )


def _is_named_in(modules: list[Module]) -> bool:
    """Whether code speaks of Celery, not just a comment or a docstring."""
    words = re.compile("|".join(re.escape(word.decode()) for word in WORDS))
    return any(module.mentions(words) for module in modules)


def summarize(
    selections: list[Selection], projects: list[ProjectSummary], options: Options, skipped: list[Skipped]
) -> Summary:
    """Of folders that were given along with folders around them, each file and project counts once."""
    unread = {one.path for one in skipped}
    kinds: Counter[str] = Counter()
    seen = set()
    for selection in selections:
        for file in selection.wanted:
            if file.path in seen or file.path in unread:
                continue
            seen.add(file.path)
            if options.excludes(file.path):
                kinds["excluded"] += 1
            else:
                kinds["tests" if selection.project.kind(file.path) == "test" else "checked"] += 1
    return Summary(
        files=Files(kinds["checked"], kinds["tests"], kinds["excluded"], len(unread)),
        skipped=tuple(sorted(dict.fromkeys(skipped), key=lambda one: one.place)),
        projects=tuple(sorted({project.path: project for project in sorted(projects)}.values())),
    )
