"""`make demo` has what it installs, and needs nothing else."""

import subprocess
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.demo import ROOT
from tests.demo_requirements import requirements


def closure(wanted: Iterable[str]) -> dict[str, Distribution]:
    """What these requirements install, by name."""
    found: dict[str, Distribution] = {}
    left = [(Requirement(each), "") for each in wanted]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        known = distribution(requirement.name)
        if requirement.name not in found or requirement.extras:
            found[requirement.name] = known
            for each in map(Requirement, known.requires or ()):
                left += [(each, extra) for extra in ("", *requirement.extras)]
    return found


def environment(folder: Path, wanted: Iterable[str]) -> Path:
    """The Python of an environment that holds these requirements, linked from the one that tests run in."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for known in closure(wanted).values():
        for name in {file.parts[0] for file in known.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (packages / name).exists():
                (packages / name).symlink_to(Path(str(known.locate_file(name))))
    return folder / "bin" / "python"


@pytest.mark.parametrize(("left_out", "code"), [("", 0), ("celery", 1)])
def test_the_demo_runs_with_what_it_installs(tmp_path: Path, left_out: str, code: int) -> None:
    wanted = [each for each in requirements() if not left_out or not each.startswith(left_out)]
    python = environment(tmp_path / "environment", wanted)
    done = subprocess.run([python, "-m", "tests.demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert min(done.returncode, 1) == code, done.stdout + done.stderr
    assert "$ make demo" in done.stdout
