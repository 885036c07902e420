"""What docs/howto/update.md says of plain `copier update` beside `asyncgen update`: each line, with the real Copier."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support import Ran, commit, git, write

from .histories import ROOT
from .planted import FIRST, PACKAGE, QUESTIONS, release

README = "template/service/README.md.jinja"
COMPOSE = "template/service/compose.yaml.jinja"
REDIS = "  redis:\n    image: redis\n"
THEIRS, MINE = "  metrics:\n    image: exporter\n", "  # Mine.\n  adminer:\n    image: adminer\n"
OLD, NEW = f"{PACKAGE}/old_name.py", f"{PACKAGE}/new_name.py"
EVENTS = {
    "rename": "a release renames a file that you edited",
    "choice": "a release removes a choice that you made",
    "conflict": "you and a release change the same lines",
    "additions": "you and a release add to one place in YAML or TOML",
    "error": "an error half-way",
    "broken": "a release breaks the service",
    "unsaved": "a file that it does not touch is not committed",
    "tasks": "a release changes its sample task",
}
RELEASES: dict[str, Mapping[str, str | None]] = {
    "rename": {OLD: None, NEW: FIRST[OLD]},
    "choice": {"copier.yml": QUESTIONS.replace("choices: [redis, rabbit]", "choices: [redis]")},
    "conflict": {README: FIRST[README].replace("Two.", "Two, theirs.")},
    "additions": {COMPOSE: FIRST[COMPOSE].replace(REDIS, REDIS + THEIRS)},
    "error": {README: FIRST[README].replace("Three.", "3."), "template/service/zzz.txt.jinja": "{{ nothing }}\n"},
    "broken": {f"{PACKAGE}/times.py": "def (\n"},
    "unsaved": {README: FIRST[README].replace("Three.", "3.")},
    "tasks": {f"{PACKAGE}/tasks/send_welcome.py": "THEIRS = True\n"},
}


def state(service: Path) -> dict[str, str]:
    """Every file that git sees, with its text."""
    listed = git(service, "ls-files", "--cached", "--others").split("\n")
    return {path: (service / path).read_text() for path in listed if (service / path).is_file()}


@pytest.fixture(params=EVENTS)
def event(request: pytest.FixtureRequest, template: Path, service: Path) -> str:
    """One line of the table: the user's work on a service, and then a release."""
    name: str = request.param
    if name == "choice":
        answers = service / ".copier-answers.yml"
        answers.write_text(answers.read_text().replace("broker: redis", "broker: rabbit"))
    else:
        readme = (service / "README.md").read_text()
        (service / "README.md").write_text(readme.replace("Two.", "Two, mine.") if name == "conflict" else readme)
        if name == "additions":
            write(service, {"compose.yaml": (service / "compose.yaml").read_text() + MINE})
        write(service, {"src/shop/old_name.py": "# Mine.\n" + (service / "src/shop/old_name.py").read_text()})
        write(service, {"src/shop/tasks/send_welcome.py": "MINE = True\n"})
    commit(service)
    release(template, "0.2.0", RELEASES[name])
    if name == "unsaved":
        write(service, {"notes.txt": "not committed\n"})
    return name


def copier(service: Path) -> Ran:
    command = [sys.executable, "-m", "copier", "update", "--defaults"]
    done = subprocess.run(command, cwd=service, capture_output=True, text=True)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_plain_copier_does_less(event: str, service: Path) -> None:
    before = state(service)
    done, after = copier(service), state(service)
    if event in ("error", "unsaved"):
        assert done.code != 0
    else:
        assert done.code == 0, done.err
    match event:
        case "rename":
            assert "src/shop/old_name.py" not in after
            assert "# Mine." not in "".join(after.values())
        case "choice":
            assert "broker: redis\n" in after[".copier-answers.yml"]
            assert "On redis." in after["README.md"]
        case "conflict":
            assert "<<<<<<<" in after["README.md"]
        case "additions":
            assert "<<<<<<<" in after["compose.yaml"]
        case "error":
            assert after != before
            assert "dirty" in copier(service).err
        case "broken":
            assert after["src/shop/times.py"] == "def (\n"
        case "unsaved":
            assert "dirty" in done.err
            assert after == before
        case "tasks":
            assert after["src/shop/tasks/send_welcome.py"] == "MINE = True\n"


def test_asyncgen_does_it(event: str, service: Path, asyncgen: Callable[..., Ran]) -> None:
    before = state(service)
    done, after = asyncgen("update"), state(service)
    codes = {"choice": 2, "conflict": 1, "error": 2, "broken": 2}
    assert done.code == codes.get(event, 0), done.out + done.err
    if done.code == 2:
        assert after == before
        assert done.err.count("\n") == 1
    match event:
        case "rename":
            assert after["src/shop/new_name.py"].startswith("# Mine.\n")
        case "conflict":
            assert "README.md:" in done.out
        case "additions":
            assert MINE in after["compose.yaml"]
            assert THEIRS in after["compose.yaml"]
            assert "<<<<<<<" not in after["compose.yaml"]
        case "unsaved":
            assert "3." in after["README.md"]
            assert after["notes.txt"] == "not committed\n"
        case "tasks":
            assert after["src/shop/tasks/send_welcome.py"] == "MINE = True\n"


def test_the_table_has_these_lines() -> None:
    page = (ROOT / "docs/howto/update.md").read_text()
    _, _, table = page.partition("| when | `asyncgen update` | plain `copier update` |\n|---|---|---|\n")
    lines = table.partition("\n\n")[0].splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == list(EVENTS.values())
