"""What a run has seen, for people."""

from collections import Counter

from asyncgen.check.findings.joined import listed
from asyncgen.check.summary import ProjectSummary, Summary

__all__ = ["summary_lines"]

#: Files in a sentence; of more, the number.
_NAMED = 2


def summary_lines(summary: Summary) -> list[str]:
    """One line about what was checked, and one each about what was not and what the baseline holds back."""
    lines = [_checked(summary)]
    left_out = _left_out(summary)
    if left_out:
        lines.append(f"not checked: {left_out}")
    if summary.in_baseline:
        lines.append(f"not shown: {_count(summary.in_baseline, 'finding')} of the baseline")
    return lines


def _checked(summary: Summary) -> str:
    if not summary.files.checked:
        return "no Python file found to check: nothing was checked"
    files = _count(summary.files.checked, "Python file")
    if not summary.celery:
        return f"no Celery found in {files}: nothing was checked"
    projects = [project for project in summary.projects if project.celery]
    of = f" of {len(projects)} projects" if len(projects) > 1 else ""
    seen = [
        _count(sum(project.tasks for project in projects), "task"),
        _count(sum(len(project.applications) for project in projects), "application"),
        _configuration(projects[0]) if len(projects) == 1 else _configurations(projects),
    ]
    return f"checked {files}{of}, {sum(project.files for project in projects)} with Celery: {', '.join(seen)}"


def _configuration(project: ProjectSummary) -> str:
    if project.state == "absent":
        return "no configuration"
    files = project.configuration
    partial = project.state == "partial"
    if not files:
        return "a configuration that is not known" if partial else "no settings but Celery's defaults"
    where = listed(list(files)) if len(files) <= _NAMED else _count(len(files), "file")
    return f"configuration in {where}{', in part known only when it runs' if partial else ''}"


def _configurations(projects: list[ProjectSummary]) -> str:
    states = Counter(project.state for project in projects)
    partial = f", {states['partial']} of them in part known only when they run" if states["partial"] else ""
    return f"{_count(len(projects) - states['absent'], 'configuration')}{partial}"


def _left_out(summary: Summary) -> str:
    reasons = Counter(skipped.reason for skipped in summary.skipped)
    why = ", ".join(f"{reason}: {count}" for reason, count in sorted(reasons.items()))
    parts = (
        (summary.files.tests, "of tests"),
        (summary.files.excluded, "excluded"),
        (summary.files.skipped, f"skipped ({why})"),
    )
    return ", ".join(f"{count} {what}" for count, what in parts if count)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
