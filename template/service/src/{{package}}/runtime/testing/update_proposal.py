"""What .github/workflows/template-update.yml runs: an update becomes a patch, and the patch a pull request.

`write FOLDER` installs asyncgen, updates the project and writes the patch into FOLDER; it needs no token. `open FOLDER`
commits the patch without a work tree, pushes it and opens the pull request; it runs nothing of the patch, and only what
pushes sees GH_TOKEN. The standard library alone: nothing is installed yet.
"""

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["main", "propose", "write"]

BRANCH = "template-update"
TITLE = "Update from the template"
LONGEST_BODY = 60_000
"""Characters of the report that the pull request shows; GitHub takes 65,536."""


def main(action: str, folder: Path) -> int:
    """Run `write` or `open`; returns the exit code."""
    try:
        return write(folder) if action == "write" else propose(folder)
    except subprocess.CalledProcessError as error:
        return error.returncode


def write(folder: Path) -> int:
    """Update the project, and write report.txt, conflicts (1 if some are left) and update.patch; 0 if none is due.

    The step's output `due` is true where there is a patch.
    """
    source = _out(sys.executable, str(Path(__file__).with_name("requirement.py")))
    if not source:
        print(
            "::notice::nothing was done: .copier-answers.yml records no git URL, and the variable ASYNCGEN is not set"
        )
        return 0
    environment = Path(os.environ["RUNNER_TEMP"], "asyncgen")
    _run("python3", "-m", "venv", str(environment))
    _run(str(environment / "bin/pip"), "install", "--quiet", source)
    asyncgen = str(environment / "bin/asyncgen")
    due = subprocess.run([asyncgen, "update", "--check"]).returncode
    if due != 1:
        return due
    updated = subprocess.run([asyncgen, "update", "--defaults"], stdout=subprocess.PIPE, text=True)
    print(updated.stdout, flush=True)
    if updated.returncode > 1:
        return updated.returncode
    folder.mkdir()
    (folder / "report.txt").write_text(updated.stdout)
    (folder / "conflicts").write_text(f"{updated.returncode}\n")
    _run("git", "add", "--all")
    with (folder / "update.patch").open("wb") as patch:
        diff = ["git", "diff", "--cached", "--binary", "--full-index", "--no-renames", "HEAD"]
        subprocess.run(diff, stdout=patch, check=True)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        print("due=true", file=output)
    return 0


def propose(folder: Path) -> int:
    """Push the patch in `folder` as the branch template-update, and open a pull request or edit the open one.

    2 for a patch that is more than files.
    """
    with_token, without = dict(os.environ), {name: value for name, value in os.environ.items() if name != "GH_TOKEN"}
    if any(path.is_symlink() for path in [folder, *folder.rglob("*")]):
        return _refuse("expected files, got: a link")
    # In the index alone; git refuses paths below .git and outside the tree.
    _run("git", "apply", "--cached", "--whitespace=nowarn", str(folder / "update.patch"), env=without)
    changed = _out("git", "diff", "--cached", "--raw", "--no-renames", "HEAD", env=without)
    modes = [line.split()[1] for line in changed.splitlines()]
    if {"120000", "160000"} & set(modes):
        return _refuse("expected the patch to change files alone, got: a link or a submodule")
    identity = ["-c", "user.name=asyncgen", "-c", "user.email=asyncgen@localhost"]
    tree = _out("git", "write-tree", env=without)
    commit = _out("git", *identity, "commit-tree", "-p", "HEAD", "-m", TITLE, tree, env=without)
    _run("gh", "auth", "setup-git", env=with_token)
    push = ["git", "-c", "core.hooksPath=/dev/null", "push", "--quiet", "--force", "origin"]
    if subprocess.run([*push, f"{commit}:refs/heads/{BRANCH}"], env=with_token).returncode:
        _refuse("expected the branch to be pushed; if the release changes workflows, run asyncgen update yourself")
        return 1
    clean = (folder / "conflicts").read_text().strip() == "0"
    report = (folder / "report.txt").read_text(errors="replace")[:LONGEST_BODY].replace("`", "")
    text = ["--title", TITLE if clean else f"{TITLE}, with conflicts to resolve", "--body", f"```\n{report}\n```"]
    state = ["--state", "open", "--json", "number", "--jq", "length"]
    if _out("gh", "pr", "list", "--head", BRANCH, *state, env=with_token) == "0":
        _run("gh", "pr", "create", "--head", BRANCH, *text, env=with_token)
    else:
        _run("gh", "pr", "edit", BRANCH, *text, env=with_token)
    return 0


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env=env)


def _out(*command: str, env: dict[str, str] | None = None) -> str:
    return subprocess.run(command, check=True, env=env, stdout=subprocess.PIPE, text=True).stdout.strip()


def _refuse(sentence: str) -> int:
    print(f"::error::{sentence}")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
