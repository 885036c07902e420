"""Virtual environments that a cloned project may bring, each of which runs a program of its own where it is trusted."""

import sys
import venv
from collections.abc import Callable
from pathlib import Path

from tests.support import git, write

__all__ = ["PLANTS", "honest"]

MODULES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def honest(project: Path) -> Path:
    """The environment that somebody made for the project on this machine; returns its folder of modules."""
    venv.create(project / ".venv", symlinks=True)
    write(project, {".gitignore": ".venv/\n"})
    return project / ".venv" / MODULES


def evil(folder: Path, pwned: Path, made_for: Path | None = None) -> None:
    """An environment like an honest one, but for its programs, which create a file."""
    write(
        folder,
        {
            "pyvenv.cfg": f"home = {sys.base_prefix}/bin\n",
            "bin/activate": f'VIRTUAL_ENV="{made_for or folder}"\n',
            "bin/python": f"#!/bin/sh\ntouch {pwned}\n",
            "bin/ruff": f"#!/bin/sh\ntouch {pwned}\n",
            f"{MODULES}/requests/exceptions.py": "class Timeout(IOError): ...\n",
        },
    )
    for program in ("python", "ruff"):
        (folder / "bin" / program).chmod(0o755)


def track(project: Path, *paths: str) -> None:
    """Commit exactly these, ignored or not."""
    write(project, {".gitignore": ".venv\nignored\n"})
    git(project, "add", "--force", ".gitignore", *paths)
    git(project, "commit", "--quiet", "--message", "Plant")


def files(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    track(project, ".venv")


def link_to_tracked(project: Path, pwned: Path) -> None:
    evil(project / "evil", pwned, project / ".venv")
    (project / ".venv").symlink_to("evil")
    track(project, ".venv", "evil")


def link_to_untracked(project: Path, pwned: Path) -> None:
    evil(project / "ignored", pwned, project / ".venv")
    (project / ".venv").symlink_to("ignored")
    track(project, ".venv")


def untracked_link(project: Path, pwned: Path) -> None:
    evil(project / "evil", pwned, project / ".venv")
    (project / ".venv").symlink_to("evil")
    track(project, "evil")


def link_of_bin(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    (project / ".venv/bin").rename(project / "evil")
    (project / ".venv/bin").symlink_to("../evil")
    track(project, ".venv/bin", "evil")


def untracked_link_of_bin(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    (project / ".venv/bin").rename(project / "evil")
    (project / ".venv/bin").symlink_to("../evil")
    track(project, "evil")


def link_of_python(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    (project / ".venv/bin/python").rename(project / "evil.sh")
    (project / ".venv/bin/python").symlink_to("../../evil.sh")
    track(project, ".venv/bin/python", "evil.sh")


def untracked_link_of_python(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    (project / ".venv/bin/python").rename(project / "evil.sh")
    (project / ".venv/bin/python").symlink_to("../../evil.sh")
    track(project, "evil.sh")


def link_of_modules(project: Path, pwned: Path) -> None:
    modules = honest(project)
    modules.rmdir()
    modules.symlink_to(project / "evil")
    write(project, {"evil/evil.pth": f"import pathlib; pathlib.Path({str(pwned)!r}).touch()\n"})
    track(project, "evil")


def path_file(project: Path, pwned: Path) -> None:
    modules = honest(project)
    write(modules, {"evil.pth": f"import pathlib; pathlib.Path({str(pwned)!r}).touch()\n"})
    track(project, f".venv/{MODULES}/evil.pth")


def sitecustomize(project: Path, pwned: Path) -> None:
    modules = honest(project)
    write(modules, {"sitecustomize.py": f"import pathlib; pathlib.Path({str(pwned)!r}).touch()\n"})
    track(project, f".venv/{MODULES}/sitecustomize.py")


def skipped(project: Path, pwned: Path) -> None:
    files(project, pwned)
    git(project, "update-index", "--skip-worktree", ".venv/bin/python", ".venv/bin/ruff")


def assumed_unchanged(project: Path, pwned: Path) -> None:
    files(project, pwned)
    git(project, "update-index", "--assume-unchanged", ".venv/bin/python", ".venv/bin/ruff")


def other_case(project: Path, pwned: Path) -> None:
    # What a file system without case makes of .VENV/bin/python.
    evil(project / ".venv", pwned)
    write(project, {".VENV/bin/python": "evil\n"})
    track(project, ".VENV")


def submodule(project: Path, pwned: Path) -> None:
    repository(project, pwned)
    track(project, ".venv")


def repository(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    git(project / ".venv", "init", "--quiet")
    git(project / ".venv", "add", "--all")
    git(project / ".venv", "commit", "--quiet", "--message", "Evil")
    track(project)


def no_configuration(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    (project / ".venv/pyvenv.cfg").unlink()
    track(project)


def own_base(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    write(project, {"base/bin/python": "evil\n", ".venv/pyvenv.cfg": f"home = {project / 'base/bin'}\n"})
    track(project, "base")


def relative_base(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned)
    write(project, {"base/bin/python": "evil\n", ".venv/pyvenv.cfg": "home = base/bin\n"})
    track(project, "base")


def from_an_archive(project: Path, pwned: Path) -> None:
    evil(project / ".venv", pwned, Path("/home/somebody/else/.venv"))
    track(project)


PLANTS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "files": (files, "git tracks .venv/"),
    "link to tracked": (link_to_tracked, "git tracks .venv"),
    "link to untracked": (link_to_untracked, "git tracks .venv"),
    "untracked link": (untracked_link, "git tracks evil/"),
    "link of bin": (link_of_bin, "git tracks .venv/bin"),
    "untracked link of bin": (untracked_link_of_bin, "bin is a link to"),
    "link of python": (link_of_python, "git tracks .venv/bin/python"),
    "untracked link of python": (untracked_link_of_python, "bin/python is a link to"),
    "link of modules": (link_of_modules, "site-packages is a link to"),
    ".pth file": (path_file, "evil.pth"),
    "sitecustomize": (sitecustomize, "sitecustomize.py"),
    "skip-worktree": (skipped, "git tracks .venv/"),
    "assume-unchanged": (assumed_unchanged, "git tracks .venv/"),
    "other case": (other_case, "git tracks .VENV/bin/python"),
    "submodule": (submodule, "git tracks .venv"),
    "repository": (repository, "is a git repository of its own"),
    "no configuration": (no_configuration, "names no Python of this machine"),
    "own base": (own_base, "names no Python of this machine"),
    "relative base": (relative_base, "names no Python of this machine"),
    "archive": (from_an_archive, "was not made for the folder that it is in"),
}
"""By name: what makes it in a project, from the file that its programs create; and why it is not to be run."""
