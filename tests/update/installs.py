"""The ways in which asyncgen gets onto a machine, without a virtual environment for each."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from asyncgen.releases import bundle_of
from tests.support import git, write

from .histories import ROOT

__all__ = ["BIN", "UV", "WAYS", "Install", "install", "unpacked_wheel"]

BIN = Path(sys.executable).parent
UV = shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ['PATH']}") or "uv"
WAYS = ("wheel", "folder", "git-url", "editable", "clone")


@dataclass(frozen=True)
class Install:
    """An installed asyncgen: `path` comes first on PYTHONPATH, and the dependencies are this interpreter's.

    template: what `--template` has to name, where the install brings none.
    """

    way: str
    path: str
    template: str = ""

    def run(self, *command: str, home: Path, at: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command, such as asyncgen or copier, with a home of its own, which may be a file to be no folder."""
        environment = {k: v for k, v in os.environ.items() if k != "ASYNCGEN_TEMPLATE" and not k.startswith("GIT_")}
        environment |= {"HOME": str(home), "PYTHONPATH": self.path, "XDG_CACHE_HOME": str(home / "cache")}
        # Copier keeps its mirrors by platformdirs, which reads the same variable.
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(home / "config")}
        environment |= variables
        if not home.exists():
            home.mkdir()
        return subprocess.run(
            [sys.executable, "-m", *command], cwd=at, env=environment, capture_output=True, text=True, timeout=600
        )


def unpacked_wheel(template: Path, target: Path) -> Install:
    """Today's generator with the releases of another template, as a wheel of them would be installed."""
    shutil.copytree(ROOT / "generator/asyncgen", target / "asyncgen")
    bundle, releases = bundle_of(template)
    (target / "asyncgen/releases.bundle").write_bytes(bundle)
    (target / "asyncgen/releases.json").write_text(json.dumps([asdict(release) for release in releases]))
    write(target, {"asyncgen-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: asyncgen\nVersion: 1\n"})
    return Install("wheel", str(target))


def install(way: str, clone: Path, commit: str, folder: Path) -> Install:
    """Install asyncgen in one of the `WAYS` from a clone at a commit."""
    if way in ("editable", "clone"):
        return Install(way, str(clone / "generator"), str(clone) if way == "clone" else "")
    target = folder / f"{way}-{commit[:7]}"
    if not target.exists():
        git(clone, "checkout", "--quiet", commit)
        source = {"wheel": "", "folder": str(clone), "git-url": f"git+{clone.as_uri()}@{commit}"}[way]
        if way == "wheel":
            built = folder / f"built-{commit[:7]}"
            subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", built, clone], check=True)
            (source,) = map(str, built.glob("*.whl"))
        options = ["--quiet", "--no-deps", "--python", sys.executable, "--target", str(target), "--reinstall"]
        subprocess.run([UV, "pip", "install", *options, source], check=True)
        # What a remote's HEAD names is its branch, as on a host.
        git(clone, "checkout", "--quiet", "-")
    return Install(way, str(target))
