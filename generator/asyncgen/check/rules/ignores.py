"""ACG001 and ACG002: what is said of ignore comments themselves, once the other rules are through."""

from asyncgen.check.rules.base import Explained

__all__ = ["IgnoreWithoutReason", "UnusedIgnore"]


class IgnoreWithoutReason(Explained):
    """An ignore comment without a reason, or without the rules that it is for: it ignores nothing.

    A year later nobody can tell whether the finding was harmless, or whether somebody was in a hurry; and a comment
    that is for every rule hides the next offence on its line as well.

    Bad:
        return total.delay(order_id).get()  # asyncgen: ignore[ACG101]

    Good:
        return total.delay(order_id).get()  # asyncgen: ignore[ACG101] the nightly import runs alone

    Source: docs/check.md, Ignoring a finding
    """

    code = "ACG001"
    name = "ignore-without-reason"


class UnusedIgnore(Explained):
    """An ignore comment for a rule that finds nothing there, or for something that is no rule.

    It stays behind when the code is mended or moved, and hides the offence that somebody writes on that line later.
    With a misspelt code it has never ignored anything.

    Bad:
        total.delay(order_id)  # asyncgen: ignore[ACG101] the nightly import runs alone

    Good:
        total.delay(order_id)

    Source: docs/check.md, Ignoring a finding
    """

    code = "ACG002"
    name = "unused-ignore"
