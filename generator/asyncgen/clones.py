"""Templates in git clones and behind git URLs: a place and a commit there, with the file that makes it a template."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from .errors import BadInput, Refused
from .git import GitError, git
from .mirror import mirror
from .releases import release_commits
from .template_cache import TEMPLATE_CACHE, cache_folder, source_of

__all__ = ["Template", "address_of", "commit_in", "in_clone", "is_local", "path_of", "recorded_path", "remote"]


@dataclass(frozen=True)
class Template:
    """A template that can be read.

    src: what a project records as `_src_path`: an absolute path, a git URL, or the literal name of the template cache.
    commit: the full sha that is used.
    repository: where git finds that commit on this machine.
    notice: a sentence for the user, or "".
    """

    src: str
    commit: str
    repository: Path
    notice: str = ""

    @cached_property
    def name(self) -> str:
        """What a project records as `_commit`, in Copier's words: the tag, else a short sha."""
        if self.repository == cache_folder() and self.src != TEMPLATE_CACHE:
            # The cache replaces a clone that is not on this machine: its name for the commit is the one recorded there.
            return (source_of(self.commit) or self.commit)[:12]
        return git("describe", "--tags", "--always", self.commit, at=self.repository)


def is_local(named: str) -> bool:
    # A drive letter is no URL scheme; `gh:` and `gl:` are Copier's short forms.
    return not re.match(r"(git\+|[a-z+]{2,}://|g[hl]:|[\w.-]+@[\w.-]+:)", named)


def recorded_path(src: str) -> Path:
    if src != TEMPLATE_CACHE and not Path(src).expanduser().is_absolute():
        raise Refused(
            f"expected _src_path in the project's answers to be a git URL or an absolute path, got: {src}, which is "
            "another place from each folder; name the template with --template"
        )
    return path_of(src)


def path_of(named: str) -> Path:
    return cache_folder() if named == TEMPLATE_CACHE else Path(os.path.abspath(Path(named).expanduser()))


def in_clone(path: Path, ref: str | None, src: str | None = None) -> Template:
    try:
        top = Path(git("rev-parse", "--show-toplevel", at=path)) if path.is_dir() else None
    except GitError:
        top = None
    if top is None or top.resolve() != path.resolve():
        got = "another kind of folder" if path.is_dir() else "no such folder"
        raise BadInput(
            f"expected the template {path} to be the root of a git clone, got: {got}; "
            "clone the template's repository and name that"
        )
    commit = commit_in(path, ref, str(path))
    if path == cache_folder():
        return Template(TEMPLATE_CACHE, commit, path)
    notice = ""
    if git("status", "--porcelain", "--", "copier.yml", "template", at=path):
        notice = f"{path} has uncommitted changes, which are not used: commit {commit[:7]} is."
    return Template(src or str(path), commit, path, notice)


def remote(url: str, ref: str | None) -> Template:
    address = address_of(url)
    parts = urlsplit(address) if "://" in address else None
    if parts and (parts.password or (parts.username and parts.scheme.startswith("http"))):
        # A token is often given in place of the name.
        raise BadInput(
            "expected the template's URL to hold no password or token, which every project would record, got: one; "
            "use a git credential helper, or SSH"
        )
    src = url if url.startswith(("git+", "gh:", "gl:")) or url.endswith(".git") else f"git+{url}"
    repository = mirror(url, address, ref)
    return Template(src, commit_in(repository, ref, url), repository)


def address_of(url: str) -> str:
    for short, host in (("gh:", "https://github.com/"), ("gl:", "https://gitlab.com/")):
        if url.startswith(short):
            return f"{host}{url.removeprefix(short).removesuffix('.git')}.git"
    return url.removeprefix("git+")


def commit_in(repository: Path, ref: str | None, src: str) -> str:
    revision = ref or _latest_release_tag(repository) or "HEAD"
    try:
        try:
            commit = git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", at=repository
            )
        except GitError:
            # A release is a commit, and need not be a tag.
            commit = release_commits(repository)[revision.removeprefix("v")]
        git("cat-file", "-e", f"{commit}:copier.yml", at=repository)
    except (GitError, KeyError) as error:
        got, advice = "no such commit or file", "fetch the commit into it, or name a clone that has it with --template"
        if git("rev-parse", "--is-shallow-repository", at=repository) == "true":
            got, advice = f"{got} in a shallow clone", f"run git -C {quote(str(repository))} fetch --unshallow"
        raise Refused(f"expected the template {src} to hold copier.yml at {revision}, got: {got}; {advice}") from error
    return commit


def _latest_release_tag(repository: Path) -> str | None:
    """The tag that plain `copier update` would go to; a project made from a newer commit could not be updated."""
    from packaging.version import InvalidVersion, Version

    tags: dict[Version, str] = {}
    for tag in git("tag", "--list", at=repository).split():
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        if not version.is_prerelease:
            tags[version] = tag
    return tags[max(tags)] if tags else None
