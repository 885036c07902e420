"""Each fault that `doctor` knows, planted on a real server: it is found, alone, and its command mends it."""

from collections.abc import Iterable

from runtime.diagnostics import Finding

__all__ = ["faults"]


def faults(findings: Iterable[Finding]) -> dict[str, Finding]:
    """What is not as it should be or could not be asked, by its subject; each of them has a command."""
    found = {each.subject: each for each in findings if not each.ok or each.warning or each.unknown}
    assert all(each.fix for each in found.values())
    return found
