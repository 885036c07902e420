"""`make check` of a service without asyncgen on PATH: installed once, from the pinned source, and kept."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import write
from tests.template.rendering import ROOT

TESTING = ROOT / "template/service/src/{{package}}/runtime/testing"
SHA = "0123456789abcdef0123456789abcdef01234567"
UV = """#!/bin/sh
echo uv "$@" >> "$LOG"
case "$1" in
venv) for folder; do :; done
      mkdir -p "$folder/bin"
      printf '#!/bin/sh\\necho kept "$@"\\nexit 1\\n' > "$folder/bin/python"
      chmod +x "$folder/bin/python" ;;
pip) test ! -e "$LOG.fails" ;;
esac
"""
PROGRAM = '#!/bin/sh\necho on PATH "$@"\n'


@dataclass
class Project:
    """A project with the modules of `make check`, and the tools that stand before the machine's own."""

    folder: Path
    log: Path

    def check(self, variable: str = "") -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.pathsep.join([str(self.folder / "tools"), "/usr/bin", "/bin"]),
            "PYTHONPATH": str(self.folder / "src"),
            "LOG": str(self.log),
            "ASYNCGEN": variable,
        }
        command = [sys.executable, "-m", "shop.runtime.testing.check"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def installed(self) -> list[str]:
        """What was installed since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.split()[-1] for line in lines if line.startswith("uv pip install")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    package = folder / "src/shop/runtime/testing"
    write(
        folder,
        {
            ".copier-answers.yml": f"_commit: {SHA}\n_src_path: https://git.example/a.git\n",
            "src/shop/__init__.py": "",
            "src/shop/runtime/__init__.py": "",
            "src/shop/runtime/testing/__init__.py": "",
            "tools/uv": UV,
        },
    )
    for module in ("check.py", "requirement.py"):
        shutil.copy(TESTING / module, package)
    (folder / "tools/uv").chmod(0o755)
    return Project(folder, tmp_path / "log")


def test_it_is_installed_once(project: Project) -> None:
    for expected in ([f"git+https://git.example/a.git@{SHA}"], []):
        done = project.check()
        assert (done.returncode, done.stdout, done.stderr) == (1, "kept -P -m asyncgen check .\n", "")
        assert project.installed() == expected


def test_another_source_is_installed_anew_and_takes_its_place(project: Project) -> None:
    project.check()
    project.installed()
    write(project.folder, {"vendor/asyncgen-1-py3-none-any.whl": "one"})
    for content, expected in (("one", ["vendor/asyncgen-1-py3-none-any.whl"]), ("one", []), ("two", [...])):
        write(project.folder, {"vendor/asyncgen-1-py3-none-any.whl": content})
        assert project.check("vendor/asyncgen-1-py3-none-any.whl").returncode == 1
        assert len(project.installed()) == len(expected)
    assert len(list((project.folder / ".venv/asyncgen").iterdir())) == 1


def test_an_installation_that_fails_is_no_result_and_is_tried_again(project: Project) -> None:
    fails = Path(f"{project.log}.fails")
    fails.touch()
    done = project.check()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    fails.unlink()
    assert project.check().returncode == 1


def test_the_one_on_path_is_taken(project: Project) -> None:
    write(project.folder, {"tools/asyncgen": PROGRAM})
    (project.folder / "tools/asyncgen").chmod(0o755)
    assert project.check().stdout == "on PATH check .\n"
    assert project.installed() == []


def test_without_a_source_nothing_is_checked_and_that_is_said(project: Project) -> None:
    write(project.folder, {".copier-answers.yml": "_commit: 0.1.0\n_src_path: ~/.asyncgen/template\n"})
    done = project.check()
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("nothing was checked: asyncgen is not on PATH")
    assert project.check("asyncgen").returncode == 2
