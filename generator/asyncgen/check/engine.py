"""Runs the rules over the projects, on all processors where there is enough to do."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from asyncgen.check.analysis.project import Project
from asyncgen.check.discovery import Selection, find_projects
from asyncgen.check.findings.finding import Finding
from asyncgen.check.findings.joined import join
from asyncgen.check.ignore_comments import IgnoreComments
from asyncgen.check.named_files import require_named
from asyncgen.check.options import Options
from asyncgen.check.process_pool import map_jobs, process_count
from asyncgen.check.rules import RULES
from asyncgen.check.source.module import Module
from asyncgen.check.source.skipped import Skipped
from asyncgen.check.summarize import summarize, summarize_project
from asyncgen.check.summary import ProjectSummary, Summary

__all__ = ["check_paths"]

#: Modules that a process takes at once: with fewer, the talking costs more than it evens out.
_CHUNK = 8


def check_paths(paths: list[Path], options: Options, *, ends: bool = False) -> tuple[list[Finding], Summary]:
    """The findings, sorted by path and line, and what was seen. Raises BadInput for a path that cannot be checked.

    ends: the process has nothing else to do afterwards.
    """
    skipped: list[Skipped] = []
    with _without_collector(ends):
        selections = find_projects(paths, skipped.append)
        require_named(paths, selections, options, skipped)
        done = _check_all(selections, options, skipped)
    findings = sorted({finding for found, _ in done for finding in found})
    return findings, summarize(selections, [project for _, project in done], options, skipped)


@contextmanager
def _without_collector(ends: bool) -> Iterator[None]:
    """Syntax trees are many objects that live to the end: looking for garbage among them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if ends:
            gc.freeze()  # not afterwards either, nor at the end of the process
        if was_enabled:
            gc.enable()


def _check_all(
    selections: list[Selection], options: Options, skipped: list[Skipped]
) -> list[tuple[list[Finding], ProjectSummary]]:
    """A project that would keep one process busy for longer than the rest is shared out by its modules; the others
    go to a process each, the largest first.
    """
    sizes = {id(selection): selection.project.size for selection in selections}
    total = sum(sizes.values())
    processes = process_count(total)
    ranked = sorted(selections, key=lambda selection: -sizes[id(selection)])
    large = [selection for selection in ranked if sizes[id(selection)] * processes > total]
    small = ranked[len(large) :]
    return [_check_one(selection, options, skipped, processes) for selection in large] + map_jobs(
        lambda index: _check_one(small[index], options, skipped, processes=1), len(small), processes, skipped
    )


def _check_one(
    selection: Selection, options: Options, skipped: list[Skipped], processes: int
) -> tuple[list[Finding], ProjectSummary]:
    project = selection.project
    _ = project.tasks  # which may take in more modules
    wanted = {file.path for file in selection.wanted}
    modules = [module for module in project.modules if module.path in wanted and not options.excludes(module.path)]
    rules = [rule() for rule in RULES if rule.code in options.codes]

    def check(module: Module) -> list[Finding]:
        return list({finding for rule in rules for finding in rule.check(module, project)})

    if processes > 1:
        project.prepare()
    found = [*chain(*map_jobs(lambda index: check(modules[index]), len(modules), processes, skipped, _CHUNK))]
    return _settled(project, modules, found, options.codes), summarize_project(selection, modules)


def _settled(project: Project, modules: list[Module], found: list[Finding], codes: frozenset[str]) -> list[Finding]:
    """What stays of a project's findings once comments are read and what one edit mends is joined."""
    comments = IgnoreComments(project.modules)
    left = [finding for finding in found if not comments.excuses(finding)]
    checked = {module.shown for module in modules}
    joined = join(left, checked.__contains__, lambda: sum(len(project.tasks.of(module)) for module in modules))
    spanning = {rule.code for rule in RULES if rule.spans_files} if len(modules) < len(project.modules) else ()
    return joined + [finding for module in modules for finding in comments.about(module, codes, spanning)]
