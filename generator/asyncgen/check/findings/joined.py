"""Findings with one cause become one."""

from collections.abc import Callable

from asyncgen.check.findings.finding import Cause, Finding, Related

__all__ = ["join", "listed"]

#: Names in a message; the places of all are with the finding.
_NAMED = 5


def join(findings: list[Finding], is_checked: Callable[[str], bool], total: Callable[[], int]) -> list[Finding]:
    """Those of one cause are one at the place of the edit, or of the first where that place is not checked.

    Too few stay as they are, unless they are about one place. `total` counts the tasks that were looked at.
    """
    single = [finding for finding in findings if finding.cause is None]
    groups: dict[tuple[str, Cause], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding[:3]):
        if finding.cause is not None:
            groups.setdefault((finding.code, finding.cause), []).append(finding)
    for (_, cause), group in groups.items():
        first = group[0]
        if len(group) < (cause.least if len({finding[:3] for finding in group}) > 1 else 2):
            single += [finding._replace(subject="", cause=None) for finding in group]
            continue
        related = tuple(Related(*finding[:3], finding.subject) for finding in group)
        place = cause if is_checked(cause.path) else first
        values = {"{count}": len(group), "{total}": total(), "{names}": listed([r.name for r in related])}
        message = cause.message
        for hole, value in values.items():
            message = message.replace(hole, str(value))
        single.append(
            Finding(place.path, place.line, place.column, first.code, first.name, message, cause.fix, related)
        )
    return single


def listed(names: list[str]) -> str:
    """The first few different ones in words, and how many there are besides."""
    names = list(dict.fromkeys(names))
    shown = names[:_NAMED]
    more = len(names) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
