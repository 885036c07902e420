"""Where the template comes from, and its files at a commit.

A project records the pair (`_src_path`, `_commit`). Plain `copier update` has to find it again years later, so the
source is never relative, and the commit is never the name "HEAD": Copier would record a throwaway commit for a
checkout with uncommitted changes (copier #1943).
"""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .clones import Template, address_of, commit_in, in_clone, is_local, path_of, recorded_path, remote
from .errors import Refused
from .git import GitError
from .mirror import mirror
from .releases import files_at
from .template_cache import TEMPLATE_CACHE, bundled, cache_folder, cache_name, cached, commit_of, install_bundled

__all__ = ["Template", "find", "installed_from", "newest", "read", "recorded", "sync_cache"]


def find(template: str | None = None, ref: str | None = None) -> Template:
    """The template for a new project: the one that is named, else the one that asyncgen was installed from."""
    named = template or os.environ.get("ASYNCGEN_TEMPLATE")
    if named:
        return in_clone(path_of(named), ref) if is_local(named) else remote(named, ref)
    origin = installed_from()
    if isinstance(origin, Path):
        return in_clone(origin, ref)
    if origin:
        return remote(origin[0], ref or origin[1])
    if not (releases := bundled()):
        raise Refused(
            "expected asyncgen to be installed from a wheel, a clone or a git URL, which bring the template, "
            "got: a wheel without one; name a clone with --template"
        )
    install_bundled()
    return _cached_template(TEMPLATE_CACHE, ref or releases[-1].commit)


def recorded(src: str, commit: str) -> Template:
    """The template that a project records; Refused when that very commit cannot be reached."""
    if not is_local(src):
        return remote(src, _sha(commit))
    path = recorded_path(src)
    if path == cache_folder():
        return _cached_template(src, commit)
    if not path.is_dir():
        return _stand_in(src, commit)
    return in_clone(path, commit, src)


def newest(src: str, known: str) -> Template:
    """The newest template where a project records it: what plain `copier update` goes to. `known`: its commit now."""
    if not is_local(src):
        try:
            return remote(src, None)
        except Refused as unreachable:
            # The mirror may hold a later release than the project's.
            there = remote(src, _sha(known))
            latest = commit_in(there.repository, None, src)
            return replace(there, commit=latest, notice=f"{unreachable}. What was fetched before is used.")
    path = recorded_path(src)
    if path == cache_folder():
        sync_cache()
        return _cached_template(src, None)
    if not path.is_dir():
        there = _stand_in(src, known)
        return replace(there, commit=list(cached().values())[-1])
    return in_clone(path, None, src)


def sync_cache() -> list[str]:
    """Put the releases that this asyncgen came with into the cache; the versions that are new there."""
    origin = None if bundled() else installed_from()
    if isinstance(origin, Path):
        return install_bundled(origin)
    if origin:
        return install_bundled(mirror(origin[0], address_of(origin[0]), origin[1]))
    return install_bundled() if bundled() else []


def read(template: Template, paths: Iterable[str]) -> dict[str, str]:
    """The text files under these paths, by their path in the template, at the template's commit."""
    names = list(paths)
    try:
        found = files_at(template.repository, template.commit, names)
        if not found:
            raise GitError("nothing there")
    except GitError as error:
        raise Refused(
            f"expected the template {template.src} at {template.commit[:7]} to hold "
            f"{', '.join(names)}, got: {error}; run asyncgen update"
        ) from error
    return {path: file.content.decode() for path, file in found.items()}


def installed_from() -> Path | tuple[str, str | None] | None:
    """The clone, or the git URL and commit, that asyncgen was installed from; None for a wheel."""
    from importlib.metadata import PackageNotFoundError, distribution

    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "copier.yml").is_file() and (checkout / ".git").exists():
        return checkout
    try:
        text = distribution("asyncgen").read_text("direct_url.json")
    except PackageNotFoundError:
        text = None
    origin = json.loads(text) if text else {}
    if "vcs_info" in origin:
        return f"git+{origin['url']}", origin["vcs_info"]["commit_id"]
    if "dir_info" in origin:
        folder = Path(url2pathname(urlsplit(origin["url"]).path))
        # A wheel that was built from an unpacked archive, or from a clone that is gone, has its releases with it.
        if (folder / ".git").exists() or not bundled():
            return folder
    return None


def _cached_template(src: str, name: str | None) -> Template:
    """The cached template at a release, a tag or a commit; at its newest release for None."""
    if name is None:
        return Template(src, commit_in(cache_folder(), None, src), cache_folder())
    commit = _cached_commit(name)
    if commit is None:
        raise Refused(
            f"expected {cache_name()} to hold the release {name}, got: {', '.join(cached()) or 'no release'}; "
            "install a wheel of that release of asyncgen or a newer one, and run asyncgen template sync"
        )
    return Template(src, commit, cache_folder())


def _stand_in(src: str, commit: str) -> Template:
    """The cached template for a clone that is not on this machine, if it has the very release."""
    found = _cached_commit(commit)
    if found is None:
        raise Refused(
            f"expected the template that the project records to be at {src}, got: no such folder; "
            "name a clone of it with --template"
        )
    return Template(src, found, cache_folder(), f"{src} is not on this machine: asyncgen's own release is used.")


def _cached_commit(name: str) -> str | None:
    """The cached commit of that name, after a look at what this asyncgen came with."""
    found = commit_of(name)
    if found is None:
        sync_cache()
        found = commit_of(name)
    return found


def _sha(name: str) -> str:
    """The sha in what `git describe` says of a commit after a tag, such as 0.1.0-3-g1a2b3c4; else the name itself."""
    described = re.fullmatch(r".+-\d+-g([0-9a-f]{7,40})", name)
    return described[1] if described else name
