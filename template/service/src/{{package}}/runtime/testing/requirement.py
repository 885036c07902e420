"""What asyncgen is installed from: a pinned source, never a bare name, which an index gives to whoever takes it.

`python requirement.py` prints it for CI, or an empty line where neither the variable ASYNCGEN nor the project's
answers name a source. It uses the standard library alone: CI asks before anything is installed.
"""

import os
import re
import sys
from pathlib import Path

__all__ = ["ROOT", "main", "pinned", "recorded", "required"]

ROOT = Path(__file__).parents[4]
PINNED = (
    r"git\+https://[\w.:-]+/[\w./~%+-]+@[0-9a-f]{40}",
    r"git\+ssh://(\w+@)?[\w.:-]+/[\w./~%+-]+@[0-9a-f]{40}",
    r"https://[\w.:-]+/[\w./~%+-]+\.whl#sha256=[0-9a-f]{64}",
)
SHORT = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}


def main() -> int:
    """Print the requirement; exit code 2 for a variable that pins nothing."""
    try:
        print(required())
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def required() -> str:
    """The requirement, "" where none is known; ValueError for a variable that pins nothing."""
    variable = os.environ.get("ASYNCGEN", "")
    if variable and not pinned(variable):
        raise ValueError(
            "expected the variable ASYNCGEN to be git+https://HOST/PATH@COMMIT with all 40 digits, "
            "https://HOST/NAME.whl#sha256=DIGEST or the path of a wheel in this repository, "
            f"got: {variable!r}; pin it, since anybody may publish under a name"
        )
    return variable or recorded() or ""


def pinned(variable: str) -> bool:
    """Whether pip gets the same from it each time: a git commit, a wheel's digest, or a wheel in this repository."""
    if any(re.fullmatch(pattern, variable, re.ASCII) for pattern in PINNED):
        return True
    if not re.fullmatch(r"\w[\w./+-]*\.whl", variable, re.ASCII):
        return False
    wheel = ROOT / variable
    return wheel.is_file() and wheel.resolve().is_relative_to(ROOT.resolve())


def recorded() -> str | None:
    """The template that this project's answers record, at the recorded commit; None where no generator is there."""
    source, commit = _answer("_src_path"), _answer("_commit")
    # What `git describe` says of a commit after a tag, such as 0.1.0-3-g1a2b3c4, ends in its sha.
    commit = re.sub(r".+-\d+-g([0-9a-f]{7,40})", r"\1", commit)
    if not re.fullmatch(r"[0-9a-f]{7,40}|v?\d+(\.\d+)+[\w.+-]*", commit, re.ASCII):
        return None
    url = _url(source)
    return f"git+{url}@{commit}" if url else None


def _answer(name: str) -> str:
    found = re.search(rf"(?m)^{name}: (.+)$", (ROOT / ".copier-answers.yml").read_text(encoding="utf-8"))
    return found[1].strip().strip("'\"") if found else ""


def _url(source: str) -> str | None:
    if source[:3] in SHORT:
        source = f"{SHORT[source[:3]]}{source[3:].removesuffix('.git')}.git"
    elif address := re.fullmatch(r"([\w.-]+@[\w.-]+):([^/].*)", source):
        source = f"ssh://{address[1]}/{address[2]}"
    source = source.removeprefix("git+")
    if re.fullmatch(r"(https?|ssh|git|file)://[\w.:@/~%+-]+", source, re.ASCII):
        return source
    folder = Path(source).expanduser()
    return folder.resolve().as_uri() if source and (folder / "generator").is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
