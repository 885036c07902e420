"""The releases of the template: found by their commits `Release X.Y.Z`, since a clone may lack the tags.

Only what renders is kept of each: the questions, the template, the changelog. Where no release can be seen, as in a
shallow clone or an unpacked archive, what is there becomes one release, named for its commit where that is known. The
wheel's build runs this file: it may use nothing beyond the standard library.
"""

import io
import re
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .bundle import File, write_bundle
from .errors import Refused
from .git import GitError, git, git_bytes

__all__ = ["PATHS", "Release", "bundle_of", "files_at", "release_commits"]

PATHS = ("copier.yml", "template", "CHANGELOG.md")
"""What of the repository makes a template."""

# A repository's refs/replace/ would have git read other objects in place of these.
_AS_STORED = ("--no-replace-objects",)
_LINK, _EXECUTABLE = "120000", "100755"
_SUBJECT = re.compile(r"Release (\d+(?:\.\d+)+(?:(?:a|b|rc)\d+)?)")
_ARCHIVED = ".git_archival.txt"
"""Where `git archive`, and so a host's tarball, writes the commit that it packs."""

_COMMIT = re.compile(r"(?P<sha>[0-9a-f]{40}) (?P<date>\d+) (?P<subject>.*)")
_LEFTOVERS = re.compile(r"(^|/)(__pycache__|\.[^/]*_cache|\.DS_Store)(/|$)|\.py[co]$|~$")


@dataclass(frozen=True)
class Release:
    """A release in a bundle: its commit there, and the commit of the repository that it was made from, or ""."""

    version: str
    commit: str
    source: str


def bundle_of(folder: Path) -> tuple[bytes, list[Release]]:
    """The bundle of all releases of the template in a folder, oldest first; Refused where there is no template."""
    found = dict(_in_history(folder))
    if not found:
        version, source, files = _snapshot(folder)
        found[version] = (source, files)
    bundle, commits = write_bundle({version: files for version, (_, files) in found.items()})
    return bundle, [Release(version, commits[version], source) for version, (source, _) in found.items()]


def release_commits(repository: Path) -> dict[str, str]:
    """The commit of each release in the history of HEAD, by version, oldest first."""
    try:
        log = git("log", "--format=%H %s", "HEAD", at=repository)
    except GitError:
        return {}
    found: dict[str, str] = {}
    for line in log.splitlines():
        commit, _, subject = line.partition(" ")
        if released := _SUBJECT.fullmatch(subject):
            found.setdefault(released[1], commit)
    return dict(reversed(found.items()))


def files_at(repository: Path, commit: str, paths: Sequence[str] = PATHS) -> dict[str, File]:
    """The files under these paths at a commit, whatever of them there is; Refused for a link or a submodule.

    The bytes are those of the blobs: `git archive` and a checkout would convert them as attributes, filters and the
    configuration of the user say, and the same commit would give other files on another machine.
    """
    listed = git_bytes(*_AS_STORED, "ls-tree", "-r", "-z", commit, "--", *paths, at=repository)
    modes, blobs = {}, {}
    for entry in listed.decode(errors="surrogateescape").split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        modes[path], kind, blobs[path] = about.split(" ")
        if kind != "blob" or modes[path] == _LINK:
            raise _not_a_file(path, "a submodule" if kind == "commit" else "a link")
    contents = _blobs(repository, blobs.values())
    return {path: File(content, modes[path] == _EXECUTABLE) for path, content in zip(blobs, contents, strict=True)}


def _blobs(repository: Path, ids: Collection[str]) -> Iterator[bytes]:
    if not ids:
        return
    answer = git_bytes(*_AS_STORED, "cat-file", "--batch", at=repository, stdin="".join(f"{one}\n" for one in ids))
    stream = io.BytesIO(answer)
    for one in ids:
        header = stream.readline().split()
        if len(header) != 3:
            raise GitError(f"the object {one} is missing")
        yield stream.read(int(header[2]))
        stream.readline()


def _not_a_file(path: str, got: str) -> Refused:
    return Refused(f"expected the template to hold files alone, got: {got} at {path}; put the file in its place")


def _in_history(folder: Path) -> Iterator[tuple[str, tuple[str, dict[str, File]]]]:
    if not _has_history(folder):
        return
    for version, commit in release_commits(folder).items():
        files = files_at(folder, commit)
        if "copier.yml" in files:
            yield version, (commit, files)


def _has_history(folder: Path) -> bool:
    """Whether there are commits of its own: not in an archive unpacked inside another, nor after `init`."""
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD", at=folder)
        # A mirror is bare; a clone has the folder as its top.
        if git("rev-parse", "--is-bare-repository", at=folder) == "true":
            return True
        return Path(git("rev-parse", "--show-toplevel", at=folder)).resolve() == folder.resolve()
    except (GitError, Refused):
        return False


def _snapshot(folder: Path) -> tuple[str, str, dict[str, File]]:
    """What is there as one release: HEAD of a clone, else the files."""
    if _has_history(folder):
        described = git("log", "-1", "--format=%H %ct %s", at=folder)
        files = files_at(folder, "HEAD")
        about = files_at(folder, "HEAD", ["pyproject.toml"]).get("pyproject.toml")
        project = about.content if about else b""
    else:
        described, files = _read(folder / _ARCHIVED).decode(errors="replace").strip(), dict(_in_folder(folder))
        project = _read(folder / "pyproject.toml")
    if "copier.yml" not in files:
        raise Refused(f"expected a template with its copier.yml in {folder}, got: none; use a clone of asyncgen")
    commit = _COMMIT.fullmatch(described)
    if commit and (released := _SUBJECT.fullmatch(commit["subject"])):
        return released[1], commit["sha"], files
    version = str(tomllib.loads(project.decode()).get("project", {}).get("version", "0.0.0.dev0"))
    mark = f"g{write_bundle({'': files})[1][''][:8]}"
    if commit:
        # Between two releases the later commit is the newer version.
        date = datetime.fromtimestamp(int(commit["date"]), UTC).strftime("%Y%m%d%H%M%S")
        return f"{version}+{date}.{mark}", commit["sha"], files
    # Files without a commit are taken for the release that they name.
    return f"{version}+{mark}" if "dev" in version else version, "", files


def _read(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


def _in_folder(folder: Path) -> Iterator[tuple[str, File]]:
    """The files of an unpacked archive, with LF.

    What unpacked it may have written CRLF. The template's own files have LF alone, so that without NUL bytes the
    stored bytes are known: an archive gives the commit that a clone of the same release gives.
    """
    for top in PATHS:
        for file in [folder / top, *sorted((folder / top).rglob("*"))]:
            path = file.relative_to(folder).as_posix()
            if _LEFTOVERS.search(path):
                continue
            if file.is_symlink():
                raise _not_a_file(path, "a link")
            if file.is_file():
                content = file.read_bytes()
                stored = content if b"\0" in content else content.replace(b"\r\n", b"\n")
                yield path, File(stored, bool(file.stat().st_mode & 0o100))
