"""Planted offences: code in which a comment `# <- ACG101` marks the line of each finding that has to come."""

import io
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asyncgen.check import run

Files = dict[str, str]
Findings = list[dict[str, Any]]

_MARK = re.compile(r"# <- (ACG\d{3}(?: ACG\d{3})*)")


class Project:
    """A folder of files, and what the check says of it; `notes` are about what it skipped, `seen` about the rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self.seen: list[str] = []
        self.summary: dict[str, Any] = {}

    def write(self, files: Files) -> None:
        (self.folder / "pyproject.toml").write_text('[project]\nname = "planted"\n')
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")

    def check(self, **options: Any) -> Findings:
        stdout, stderr = io.StringIO(), io.StringIO()
        paths = options.pop("paths", [self.folder])
        code = run(paths, format="json", stdout=stdout, stderr=stderr, **options)
        lines = stderr.getvalue().splitlines()
        self.notes = [line for line in lines if line.startswith("note: ")]
        self.seen = lines[len(self.notes) :]
        content = json.loads(stdout.getvalue())
        findings: Findings = content["findings"]
        self.summary = content["summary"]
        assert code == (1 if findings else 0)
        return findings

    def marks(self) -> set[tuple[str, int, str]]:
        found = set()
        for path in self.folder.rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                match = _MARK.search(line)
                for code in match[1].split() if match else ():
                    found.add((path.relative_to(self.folder).as_posix(), number, code))
        return found

    def places(self, findings: Findings) -> set[tuple[str, int, str]]:
        """Where they are; of one about several places, those."""
        return {self.place(part | {"code": f["code"]}) for f in findings for part in f["related"] or [f]}

    def place(self, finding: dict[str, Any]) -> tuple[str, int, str]:
        return Path(finding["path"]).relative_to(self.folder).as_posix(), finding["line"], finding["code"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "planted"
    folder.mkdir()
    return Project(folder)


@pytest.fixture
def planted(project: Project) -> Callable[[str, Files], None]:
    """Checks that a rule finds each mark on its line, nothing else, and nothing once it is turned off."""

    def verify(code: str, files: Files) -> None:
        project.write(files)
        marks = project.marks()
        assert {mark[2] for mark in marks} <= {code}
        assert project.places(project.check(select=[code])) == marks
        if marks:
            assert project.places(project.check(select=["ALL"], ignore=[code])) & marks == set()

    return verify
