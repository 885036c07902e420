"""`make release VERSION=X.Y.Z`: the commit `Release X.Y.Z`, by which installations find the template's releases.

All of it happens, or nothing is changed. What is in the way is one sentence, and exit code 2.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from asyncgen.errors import AsyncgenError, BadInput, Refused
from asyncgen.git import git

__all__ = ["main", "release"]

ROOT = Path(__file__).parents[1]
BRANCH = "main"
CHANGELOG, PROJECT = "CHANGELOG.md", "pyproject.toml"
VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
SET = re.compile(r'^version = "(.*)"$', re.MULTILINE)
UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Make the release that the argument names; returns the exit code."""
    version = " ".join(arguments)
    try:
        release(root, version)
    except AsyncgenError as error:
        print(f"release: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("release: interrupted; nothing was changed", file=sys.stderr)
        return 130
    print(f"Committed Release {version}: push it")
    return 0


def release(root: Path, version: str) -> None:
    """Check, then commit the release; BadInput or Refused, with nothing changed, says what is in the way."""
    files(root, version)
    if subprocess.run(["make", "--silent", "lint"], cwd=root, check=False).returncode:
        raise Refused("expected make lint to find nothing, got: what is above; correct it, and run it again")
    commit(root, files(root, version), version)  # read anew: linting takes its time


def files(root: Path, version: str) -> dict[str, str]:
    """The files that a release changes, by their names, as it leaves them."""
    changelog, project = ((root / name).read_bytes().decode() for name in (CHANGELOG, PROJECT))
    now = SET.search(project)
    if not now:
        raise Refused(f'expected {PROJECT} to have a line version = "X.Y.Z", got: none; add it')
    if not VERSION.fullmatch(version):
        raise BadInput(
            f"expected VERSION to be X.Y.Z, got: {version or 'nothing'}; run make release VERSION={following(now[1])}"
        )
    if numbers(version) <= numbers(now[1]):
        raise BadInput(f"expected VERSION to be newer than {now[1]}, got: {version}; such as {following(now[1])}")
    branch = git("rev-parse", "--abbrev-ref", "HEAD", at=root)
    if branch != BRANCH:
        raise Refused(f"expected the branch {BRANCH}, got: {branch}; run git switch {BRANCH}")
    if changed := git("status", "--porcelain", at=root):
        raise Refused(f"expected all files to be committed, got: {changed.splitlines()[0].strip()}; commit it")
    new = UNRELEASED.search(changelog)
    if not new or not new[1].strip():
        got = "an empty one" if new else "none"
        raise Refused(f"expected {CHANGELOG} to have a section ## Unreleased with what is new, got: {got}; write it")
    return {
        CHANGELOG: changelog.replace("## Unreleased\n", f"## {version}\n", 1),
        PROJECT: SET.sub(f'version = "{version}"', project, count=1),
    }


def commit(root: Path, texts: Mapping[str, str], version: str) -> None:
    """Write the files and commit them; they are as before if that does not come to its end."""
    before, kept = git("rev-parse", "HEAD", at=root), {name: (root / name).read_bytes() for name in texts}
    try:
        for name, text in texts.items():
            (root / name).write_bytes(text.encode())
        command = ["git", "commit", "--quiet", "--message", f"Release {version}", "--", *texts]
        subprocess.run(command, cwd=root, check=True)
    except BaseException as error:
        if git("rev-parse", "HEAD", at=root) != before:
            return  # interrupted, but after the commit
        for name, content in kept.items():
            (root / name).write_bytes(content)
        if isinstance(error, subprocess.CalledProcessError):
            raise Refused("expected git to commit, got: what is above; correct it, and run it again") from error
        raise


def numbers(version: str) -> tuple[int, ...]:
    """To compare versions by."""
    return tuple(map(int, re.findall(r"[0-9]+", version)))


def following(version: str) -> str:
    """The next minor version."""
    major, minor = numbers(version)[:2]
    return f"{major}.{minor + 1}.0"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
