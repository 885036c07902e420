"""Histories of the real template: this repository's releases, and releases planted after them."""

import shutil
import subprocess
from pathlib import Path

from tests.support import commit, git

__all__ = ["ROOT", "earlier", "history", "overlay"]

ROOT = Path(__file__).parents[2]
PRODUCT = (
    "generator",
    "template",
    "copier.yml",
    "CHANGELOG.md",
    "hatch_build.py",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)


def earlier() -> dict[str, str]:
    """The commit of each release in this repository's history; it may have none yet, or be no repository."""
    if not (ROOT / ".git").exists():
        return {}
    log = subprocess.check_output(["git", "-C", str(ROOT), "log", "--format=%H %s", "--grep=^Release [0-9]"], text=True)
    lines = [line.split(maxsplit=2) for line in reversed(log.splitlines())]
    return {subject.removeprefix("Release ").strip(): sha for sha, _, subject in lines}


def overlay(repository: Path) -> None:
    """Put this working tree's product into a repository."""
    for top in PRODUCT:
        place = repository / top
        shutil.rmtree(place, ignore_errors=True)
        if (ROOT / top).is_dir():
            shutil.copytree(ROOT / top, place, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        else:
            shutil.copy(ROOT / top, place)


def history(folder: Path) -> dict[str, str]:
    """A clone of this repository in `folder`, with releases planted after its own; the commit of each, oldest first."""
    if (ROOT / ".git").exists():
        git(folder.parent, "clone", "--quiet", "--no-tags", str(ROOT), str(folder))
        # A pipeline's checkout is on no branch, and so is its clone.
        git(folder, "checkout", "--quiet", "-B", "main")
    else:
        folder.mkdir()
        git(folder, "init", "--quiet")
    found = earlier()
    overlay(folder)
    found["90.0.0"] = commit(folder, "Release 90.0.0")
    _change(folder)
    found["91.0.0"] = commit(folder, "Release 91.0.0")
    return found


def _change(repository: Path) -> None:
    """What a release may bring: a question, a file, a rename, a removal, changed lines at the top and at the end."""
    service = repository / "template/service"
    (service / "AGENTS.md.jinja").rename(service / "GUIDE.md.jinja")
    (service / "{% if image %}.dockerignore{% endif %}").unlink()
    (service / "docs").mkdir()
    (service / "docs/region.md.jinja").write_text("# Region\n\n{{ region }}\n")
    for path, line in (
        ("README.md.jinja", "A line at the end."),
        ("Makefile.jinja", "# The end."),
        (".gitignore", "*.bak"),
    ):
        (service / path).write_text((service / path).read_text() + f"\n{line}\n")
    runtime = service / "src/{{package}}/runtime/queues.py"
    runtime.write_text(runtime.read_text().replace("from collections.abc", "# About time.\nfrom collections.abc", 1))
    questions = repository / "copier.yml"
    questions.write_text(questions.read_text() + "\nregion:\n  type: str\n  help: Where it runs\n  default: north\n")
    changes = repository / "CHANGELOG.md"
    changes.write_text(changes.read_text().replace("# Changelog\n", "# Changelog\n\n## 91.0.0\n\n- A region.\n", 1))
