"""From which release to which: both are verified to be the template's own."""

from contextlib import suppress

from packaging.version import InvalidVersion, Version

from ..errors import Refused
from ..git import GitError, git
from ..service import Service
from ..source import Template, find, newest, recorded
from ..template_cache import bundled, cache_folder

__all__ = ["choose", "is_due", "provenance"]


def choose(service: Service, template: str | None, to: str | None) -> tuple[Template, Template]:
    """The release that the project records, and the one to go to: `to`, else the newest.

    template: where the template is now, if not where the project records it.
    """
    location = find(template).src if template else service.src_path
    before = recorded(location, service.commit)
    after = recorded(location, to) if to else newest(location, service.commit)
    for version in (before, after):
        provenance(version)
    if _older(after, before):
        if to:
            raise Refused(f"expected --to to be {before.name} or newer, got: {to}; undo the update with git instead")
        return before, before
    return before, after


def is_due(before: Template, after: Template) -> bool:
    """Whether an update would change the release."""
    return before.commit != after.commit


def provenance(template: Template) -> str:
    """The source that vouches for a commit; Refused for one that is on no branch or tag of the recorded source.

    A repository also holds unreleased commits: a mirror of a host has those of every pull request.
    """
    if template.repository == cache_folder():
        own = template.commit in {release.commit for release in bundled()}
        return "bundled with this asyncgen" if own else "in the template cache"
    if template.repository.suffix != ".git":
        return "in the recorded clone"
    places = ("refs/heads", "refs/tags")
    if not git("for-each-ref", "--count=1", "--contains", template.commit, *places, at=template.repository):
        raise Refused(
            f"expected {template.commit[:12]} to be on a branch or a tag of {template.src}, got: a commit that was "
            "only proposed there; restore the answers file from git"
        )
    return "fetched from the recorded source"


def _older(after: Template, before: Template) -> bool:
    if after.commit == before.commit:
        return False
    # A commit without a tag is named by its sha, which may read as a version: 8727590 does.
    if "." in after.name and "." in before.name:
        with suppress(InvalidVersion):
            return Version(after.name) < Version(before.name)
    try:
        git("merge-base", "--is-ancestor", after.commit, before.commit, at=before.repository)
    except GitError:
        return False
    return True
