"""The examples of docs/develop: diffs that their pages show, and that a test applies to a copy of the repository.

Where one no longer applies: `git apply --3way docs/develop/rule.diff`, correct it, `make example NAME=rule`.
"""

import re
import subprocess
import sys
from pathlib import Path

__all__ = ["NAMES", "advice", "diff", "main", "shown", "with_diff"]

ROOT = Path(__file__).parents[2]  # not that of another module: in the middle of an example the code may not import
FOLDER = ROOT / "docs" / "develop"
NAMES = ("question", "runtime-part", "rule", "alert")
FENCE = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = ("tests/template/golden", "template/service/src/{{package}}/runtime/testing/digests.txt", "docs/develop")
"""What `make golden` writes, and the examples themselves."""


def main(name: str) -> int:
    """Write the example of that name, all that differs from HEAD, and put that into git's stash; the exit code."""
    if name not in NAMES:
        print(f"expected NAME to be one of {', '.join(NAMES)}, got: {name or 'nothing'}", file=sys.stderr)
        return 2
    git("add", "--all")
    text = git("diff", "--cached", "--unified=2", "HEAD", "--", ".", *(f":(exclude){path}" for path in MADE))
    if not text:
        print("expected files to differ from HEAD, got: none; make the example's changes first", file=sys.stderr)
        return 2
    git("stash", "push", "--quiet", "--message", f"example {name}")
    diff(name).write_text(text)
    page(name).write_text(with_diff(page(name).read_text(), text))
    print(f"Wrote {diff(name).relative_to(ROOT)} and its page; what it was made of is in git stash")
    return 0


def diff(name: str) -> Path:
    """The file of an example."""
    return FOLDER / f"{name}.diff"


def page(name: str) -> Path:
    """The page that shows it."""
    return FOLDER / f"{name}.md"


def shown(name: str) -> list[str]:
    """The diffs that the page of an example shows."""
    return FENCE.findall(page(name).read_text())


def with_diff(text: str, new: str) -> str:
    """The text of a page that shows another diff."""
    return FENCE.sub(lambda _: f"```diff\n{new}```", text)


def advice(name: str) -> str:
    """What to do where an example no longer applies."""
    return (
        f"the example of docs/develop/{name}.md no longer applies: run git apply --3way docs/develop/{name}.diff, "
        f"correct what conflicts, then make example NAME={name}"
    )


def git(*arguments: str) -> str:
    """The output of a git command."""
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
