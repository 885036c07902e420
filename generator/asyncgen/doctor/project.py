"""A service as it lies there: its release, its environment, what a killed command left, and what is unwritten."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from ..clones import is_local
from ..environment import Environment, UntrustedError, own_environment, pyvenv_cfg
from ..errors import AsyncgenError
from ..git import git_bytes
from ..plan import unfinished
from ..service import Service
from ..tasks.listing import list_tasks
from ..update.scratch import CONFLICT
from ..update.versions import choose, is_due
from .finding import Finding, asked, in_root, unknown, warning

__all__ = ["examine_project", "trusted_environment"]


def examine_project(service: Service) -> Iterator[Finding]:
    """Look at the files of a service, and compare its release with the newest on this machine."""
    yield Finding("service", True, f"{service.package} in {service.root}")
    yield asked("last command", lambda: _last_command(service))
    yield asked("conflicts", lambda: _conflicts(service), "git status", by_git=True)
    yield asked("release", lambda: _release(service), "asyncgen update --check", by_git=True)
    yield _environment(service)
    yield asked("unwritten tasks", lambda: _unwritten(service))


def _last_command(service: Service) -> Finding:
    if left := unfinished(service.root):
        return warning("last command", left, "asyncgen sync-queues")
    return Finding("last command", True, "ended in order")


def _conflicts(service: Service) -> Finding:
    try:  # 1: no line matches
        found = git_bytes("grep", "-I", "-n", "-z", "-e", f"^{CONFLICT}", "--", ".", at=service.root, most=1)
    except AsyncgenError as error:
        return unknown("conflicts", f"not asked: {error}", "git status")
    places = [":".join(line.split("\0")[:2]) for line in found.decode(errors="replace").splitlines()]
    if places:
        detail = f"expected none that an update left to be open, got: {', '.join(places)}"
        return Finding("conflicts", False, detail, fix=in_root(service.root, "git diff"))
    return Finding("conflicts", True, "no update left any")


def _release(service: Service) -> Finding:
    if not is_local(service.src_path):
        why = f"{service.commit} of {service.src_path}: whether it is the newest takes the network"
        return unknown("release", why, "asyncgen update --check")
    before, after = choose(service, None, None)
    if is_due(before, after):
        return warning("release", f"{before.name}, and {after.name} is there", "asyncgen update --dry-run")
    return Finding("release", True, f"{before.name}, the newest of {service.src_path}")


def trusted_environment(root: Path) -> tuple[Environment | None, str]:
    """The environment whose programs may be run, or None and why there is none."""
    try:
        return own_environment(root), "no .venv yet"
    except (UntrustedError, AsyncgenError) as reason:
        return None, f"nothing in .venv is run: {reason}"


def _environment(service: Service) -> Finding:
    found, reason = trusted_environment(service.root)
    if found is None:
        return warning("environment", reason, in_root(service.root, "make test"))
    version = dict(pyvenv_cfg(found.folder))
    python = version.get("version") or version.get("version_info") or "?"
    return Finding("environment", True, f"Python {python} in .venv")


def _unwritten(service: Service) -> Finding:
    tasks = list_tasks(service)
    left = [task for task in tasks if not task.written]
    if not left:
        return Finding("unwritten tasks", True, f"none of {len(tasks)}")
    edits = (in_root(service.root, f"${{EDITOR:-vi}} {shlex.quote(task.file)}") for task in left)
    names = ", ".join(task.name for task in left)
    return warning("unwritten tasks", f"{len(left)} of {len(tasks)}: {names}", "\n".join(edits))
