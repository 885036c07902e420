"""Runs the rules over the projects, on all processors where there are several of some size."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
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


def check_paths(paths: list[Path], options: Options) -> tuple[list[Finding], Summary]:
    """The findings, sorted by path and line, and what was seen. Raises BadInput for a path that cannot be checked."""
    skipped: list[Skipped] = []
    with _without_collector():
        selections = find_projects(paths, skipped.append)
        require_named(paths, selections, options, skipped)
        done = _check_all(selections, options, skipped)
    findings = sorted({finding for found, _ in done for finding in found})
    return findings, summarize(selections, [project for _, project in done], options, skipped)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Syntax trees are many objects that live to the end: looking for garbage among them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_all(
    selections: list[Selection], options: Options, skipped: list[Skipped]
) -> list[tuple[list[Finding], ProjectSummary]]:
    """A process takes one project after the other, the largest first. None is shared out by its modules: most of the
    work is on what these have in common, and each process would do it.
    """
    ranked = sorted(selections, key=lambda selection: -selection.project.size)
    processes = process_count(sum(selection.project.size for selection in ranked[1:]))
    return map_jobs(lambda index: _check_one(ranked[index], options, skipped), len(ranked), processes, skipped)


def _check_one(selection: Selection, options: Options, skipped: list[Skipped]) -> tuple[list[Finding], ProjectSummary]:
    project = selection.project
    _ = project.tasks  # which may take in more modules
    wanted = {file.path for file in selection.wanted}
    modules = [module for module in project.modules if module.path in wanted and not options.excludes(module.path)]
    rules = [rule() for rule in RULES if rule.code in options.codes]
    found = {finding for module in modules for rule in rules for finding in rule.check(module, project)}
    return _settled(project, modules, found, options.codes), summarize_project(selection, modules)


def _settled(project: Project, modules: list[Module], found: set[Finding], codes: frozenset[str]) -> list[Finding]:
    """What stays of a project's findings once comments are read and what one edit mends is joined."""
    comments = IgnoreComments(project.modules)
    left = [finding for finding in found if not comments.excuses(finding)]
    checked = {module.shown for module in modules}
    joined = join(left, checked.__contains__, lambda: sum(len(project.tasks.of(module)) for module in modules))
    spanning = {rule.code for rule in RULES if rule.spans_files} if len(modules) < len(project.modules) else ()
    return joined + [finding for module in modules for finding in comments.about(module, codes, spanning)]
