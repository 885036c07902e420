"""`~/.asyncgen/template`: a repository of the template's releases in the user's home.

That literal text is what a project records, so that it is the same on every machine of a team; Copier expands the
tilde itself. ASYNCGEN_HOME puts the repository elsewhere for asyncgen's commands; Copier does not read it. The releases
come from what this asyncgen was installed with, and are only ever added: a project of an old release stays updatable.
`refs/asyncgen/from/` records which commit of a clone a release was made from.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.version import Version

from .errors import Refused
from .git import GitError, git
from .locks import locked
from .places import HOME, user_folder, writable
from .releases import Release, bundle_of

__all__ = [
    "TEMPLATE_CACHE",
    "bundled",
    "cache_folder",
    "cache_name",
    "cached",
    "commit_of",
    "install_bundled",
    "source_of",
]

TEMPLATE_CACHE = "~/.asyncgen/template"
"""What a project records as `_src_path`."""

_FROM = "refs/asyncgen/from/"
_TAGS = "refs/tags/"


def cache_folder() -> Path:
    """Where the repository is on this machine: in the home, or in the folder that ASYNCGEN_HOME names."""
    return user_folder(HOME) / "template"


def cache_name() -> str:
    """What messages call it: the name that projects record, or its place where that is another."""
    return str(cache_folder()) if os.environ.get(HOME) else TEMPLATE_CACHE


def bundled() -> list[Release]:
    """The releases that this asyncgen's wheel contains, oldest first; none in a source tree."""
    try:
        listed = json.loads(_bundled_file("releases.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [Release(**release) for release in listed]


def cached() -> dict[str, str]:
    """The commit of each release in the cache, by its tag, oldest first; empty where there is no cache."""
    if not (cache_folder() / ".git").is_dir():
        return {}
    tags = _refs(_TAGS)
    return {tag: tags[tag] for tag in sorted(tags, key=Version)}


def commit_of(name: str) -> str | None:
    """The cached commit for a version, a commit of the cache, or a commit of a clone that a release was made from."""
    tags = cached()
    if name in tags:
        return tags[name]
    if len(name) < 7:
        return None
    matching = {commit for commit in tags.values() if commit.startswith(name)}
    matching |= {commit for source, commit in _refs(_FROM).items() if source.startswith(name)} if tags else set()
    return matching.pop() if len(matching) == 1 else None


def source_of(commit: str) -> str | None:
    """The commit of a clone that a cached release was made from, if any is known."""
    return next((source for source, made in _refs(_FROM).items() if made == commit), None)


def install_bundled(folder: Path | None = None) -> list[str]:
    """Put the wheel's releases, or those of the template in `folder`, into the cache; the versions that are new."""
    if folder is None:
        return _add(_bundled_file("releases.bundle"), bundled())
    bundle, releases = bundle_of(folder)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "releases.bundle"
        file.write_bytes(bundle)
        return _add(file, releases)


def _add(bundle: Path, releases: Sequence[Release]) -> list[str]:
    known = cached()
    if all(release.commit in known.values() for release in releases):
        return []
    with _locked() as folder:
        if not (folder / ".git").is_dir():
            _start(folder)
        try:
            git("bundle", "unbundle", str(bundle), at=folder)
            added = _name(releases, cached())
            _show_newest(folder)
        except GitError as error:
            raise Refused(
                f"expected {cache_name()} to accept the template's releases, got: {error}; "
                "move that folder away and run asyncgen template sync"
            ) from error
        return added


def _name(releases: Sequence[Release], known: dict[str, str]) -> list[str]:
    """Tag the releases, all at once. A version that is taken by other content gets a tag of its own."""
    lines, added = [], []
    for release in releases:
        if release.source:
            lines.append(f"update {_FROM}{release.source} {release.commit}")
        if release.commit in known.values():
            continue
        taken = release.version in known
        mark = "." if "+" in release.version else "+"
        tag = f"{release.version}{mark}g{release.commit[:8]}" if taken else release.version
        lines.append(f"create {_TAGS}{tag} {release.commit}")
        added.append(tag)
    git("update-ref", "--stdin", at=cache_folder(), stdin="\n".join(lines) + "\n")
    return added


def _start(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"expected {cache_name()} to be a repository of asyncgen, got: another one; move it away")
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as staging:
        fresh = Path(staging) / folder.name
        git("init", "--quiet", "--template=", "--initial-branch=main", str(fresh))
        fresh.replace(folder)


def _show_newest(folder: Path) -> None:
    """Check the newest release out: Copier reads HEAD where there is no final release, and people look at files."""
    # Left by a killed run: no other process writes while this one has the lock.
    (folder / ".git" / "index.lock").unlink(missing_ok=True)
    newest = list(cached().values())[-1]
    # Over every other attribute and setting: the bytes as they are stored.
    attributes = folder / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* -text -ident -filter !working-tree-encoding\n", encoding="utf-8")
    git("checkout", "--quiet", "--force", "--detach", newest, at=folder)


def _refs(prefix: str) -> dict[str, str]:
    try:
        lines = git("for-each-ref", "--format=%(objectname) %(refname)", prefix, at=cache_folder()).splitlines()
    except GitError as error:
        raise Refused(
            f"expected {cache_name()} to be a repository of asyncgen, got: {error}; "
            "move it away and run asyncgen template sync"
        ) from error
    return {name.removeprefix(prefix): sha for sha, name in (line.split() for line in lines)}


def _bundled_file(name: str) -> Path:
    return Path(__file__).parent / name


@contextmanager
def _locked() -> Iterator[Path]:
    folder = cache_folder()
    with writable(HOME):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.parent):
            yield folder
