"""What the build adds: a git bundle of the template's releases, and the list of the commits that it holds.

The wheel has them in the package. The sdist has them at its root, and a wheel that is built from it takes them
from there: an sdist has no history.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE, LIST = "releases.bundle", "releases.json"


class ReleasesHook(BuildHookInterface):  # type: ignore[type-arg]  # generic in the stubs alone
    """Runs for the wheel and the sdist; an editable install reads its clone instead."""

    PLUGIN_NAME = "releases"
    made: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the two files, and have them included."""
        if version == "editable":
            return
        folder = Path(self.root)
        if not all((folder / name).is_file() for name in (BUNDLE, LIST)):
            folder = self.made = Path(tempfile.mkdtemp(prefix="releases-"))
            write(Path(self.root), folder)
        place = "asyncgen/" if self.target_name == "wheel" else ""
        for name in (BUNDLE, LIST):
            build_data["force_include"][str(folder / name)] = f"{place}{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the files away again: the artifact holds them."""
        if self.made:
            shutil.rmtree(self.made, ignore_errors=True)


def write(root: Path, folder: Path) -> None:
    """Write the releases of the template in `root` into `folder`."""
    sys.path.insert(0, str(root / "generator"))
    try:
        from asyncgen.releases import bundle_of
    finally:
        sys.path.pop(0)
    bundle, releases = bundle_of(root)
    (folder / BUNDLE).write_bytes(bundle)
    (folder / LIST).write_text(json.dumps([asdict(release) for release in releases], indent=2) + "\n", newline="\n")
