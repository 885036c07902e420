"""Builds the site: the pages of docs/ and those that are made from the code, by Zensical, then looks at every link."""

import shutil
import subprocess
import sys
from pathlib import Path

from . import measured, reference, releases
from .links import broken

__all__ = ["PAGES", "ROOT", "assemble", "build"]

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs"
RELEASES = '"releases/index.md"'
"""What stands in the navigation for all pages of releases."""


def assemble(folder: Path) -> Path:
    """Put the configuration and all pages into `folder`, which is emptied before; returns the folder of the pages."""
    shutil.rmtree(folder, ignore_errors=True)
    place = Path(shutil.copytree(PAGES, folder / "docs"))
    for name, text in (reference.pages() | releases.pages()).items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
    measured.fill(place)
    configuration = (ROOT / "zensical.toml").read_text()
    (folder / "zensical.toml").write_text(configuration.replace(RELEASES, releases.navigation()))
    return place


def build(folder: Path) -> list[str]:
    """Build the site in `folder`/site; a sentence for each warning, link that leads nowhere or file that is remote."""
    assemble(folder)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        return [f"zensical build --strict exited with {ran.returncode}:\n{ran.stdout}{ran.stderr}"]
    return broken(folder / "site")
