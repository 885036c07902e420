"""Runs the rules over the projects, on all processors where there is enough to do."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from asyncgen.check.analysis.project import Project
from asyncgen.check.discovery import Selection, find_projects
from asyncgen.check.findings.finding import Finding
from asyncgen.check.findings.joined import join
from asyncgen.check.ignore_comments import IgnoreComments
from asyncgen.check.options import Options
from asyncgen.check.process_pool import map_jobs, process_count
from asyncgen.check.rules import RULES
from asyncgen.check.source.module import Module

__all__ = ["check_paths"]

#: Modules that a process takes at once: with fewer, the talking costs more than it evens out.
_CHUNK = 8


def check_paths(paths: list[Path], options: Options, notice: Callable[[str], None]) -> list[Finding]:
    """Sorted by path and line. Raises BadInput for a path that does not exist."""
    notices: list[str] = []
    with _without_collector():
        findings = _check_all(find_projects(paths, notices.append), options, notices)
    for text in dict.fromkeys(notices):
        notice(text)
    return sorted(set(findings))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Syntax trees are many objects that live to the end: looking for garbage among them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # not afterwards either, nor at the end of the process
        if was_enabled:
            gc.enable()


def _check_all(selections: list[Selection], options: Options, notices: list[str]) -> list[Finding]:
    """A project that would keep one process busy for longer than the rest is shared out by its modules; the others
    go to a process each, the largest first.
    """
    sizes = {id(selection): selection.project.size for selection in selections}
    total = sum(sizes.values())
    processes = process_count(total)
    ranked = sorted(selections, key=lambda selection: -sizes[id(selection)])
    large = [selection for selection in ranked if sizes[id(selection)] * processes > total]
    small = ranked[len(large) :]
    findings = [finding for selection in large for finding in _check_one(selection, options, notices, processes)]
    return findings + map_jobs(
        lambda index: _check_one(small[index], options, notices, processes=1), len(small), processes, notices
    )


def _check_one(selection: Selection, options: Options, notices: list[str], processes: int) -> list[Finding]:
    project = selection.project
    _ = project.tasks  # which may take in more modules
    modules = [
        module for module in project.modules if module.path in selection.wanted and not options.excludes(module.path)
    ]
    rules = [rule() for rule in RULES if rule.code in options.codes]

    def check(module: Module) -> list[Finding]:
        return list({finding for rule in rules for finding in rule.check(module, project)})

    if processes > 1:
        project.prepare()
    found = map_jobs(lambda index: check(modules[index]), len(modules), processes, notices, _CHUNK)
    return _settled(project, modules, found, options.codes)


def _settled(project: Project, modules: list[Module], found: list[Finding], codes: frozenset[str]) -> list[Finding]:
    """What stays of a project's findings once comments are read and what one edit mends is joined."""
    comments = IgnoreComments(project.modules)
    left = [finding for finding in found if not comments.excuses(finding)]
    checked = {module.shown for module in modules}
    joined = join(left, checked.__contains__, lambda: sum(len(project.tasks.of(module)) for module in modules))
    spanning = {rule.code for rule in RULES if rule.spans_files} if len(modules) < len(project.modules) else ()
    return joined + [finding for module in modules for finding in comments.about(module, codes, spanning)]
