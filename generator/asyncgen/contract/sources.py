"""Where a contract is: in a file, or in a commit of the service's repository."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadInput
from ..git import GitError, git, git_bytes
from ..names import ANSWERS_FILE
from .document import Contract, read_contract

__all__ = ["CONTRACT", "Found", "find_contract"]

CONTRACT = "contract.yaml"


@dataclass(frozen=True)
class Found:
    """What a name stands for: a contract, or why there is none."""

    contract: Contract | None
    absent: str = ""


def find_contract(name: str, start: Path) -> Found:
    """The contract in the file `name`, relative to `start`, or else in the git commit of that name.

    In a commit it is the contract.yaml of the service that holds `start`. BadInput where there is neither.
    """
    path = start / name
    if path.is_file():
        return Found(read_contract(path.read_bytes(), name))
    root = next((each for each in (start, *start.parents) if (each / ANSWERS_FILE).is_file()), start)
    commit = "" if name.startswith("-") else _commit(name, root)
    if not commit:
        if _is_before_the_first(name, root):
            return Found(None, f"{name} is before the first commit")
        raise BadInput(
            f"expected a file or a commit in git's history, got: {name or 'nothing'}; "
            "correct the name, or fetch more of the history"
        )
    if not git("ls-tree", "--name-only", commit, "--", CONTRACT, at=root):
        return Found(None, f"{name} has no {CONTRACT}")
    return Found(
        read_contract(git_bytes("cat-file", "blob", f"{commit}:./{CONTRACT}", at=root), f"{CONTRACT} of {name}")
    )


def _commit(name: str, root: Path) -> str:
    try:
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", at=root)
    except GitError:
        return ""


def _is_before_the_first(name: str, root: Path) -> bool:
    """Whether a name such as HEAD^1 means the parent of a commit that has none; in a shallow clone it may have one."""
    child = re.fullmatch("([^-].*)(?:[~^]1?)", name)
    commit = child and _commit(child[1], root)
    if not commit or git("rev-parse", "--is-shallow-repository", at=root) != "false":
        return False
    return git("rev-list", "--max-count=1", "--parents", commit, at=root) == commit
