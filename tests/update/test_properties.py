"""Whatever was answered, added and edited: an update loses no edit, touches no file of the user's, and the rest is
what a fresh project of the new release is.

`make update-fuzz` runs a thousand cases; a failure shrinks to the case that `@reproduce_failure` and the printed
arguments hold.
"""

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncgen.bundle import File
from asyncgen.cli.edge import run
from asyncgen.update.history import load
from tests.strays import STRAYS
from tests.support import commit, git

from .histories import ROOT, history
from .planted import snapshot

CASES = int(os.environ.get("ASYNCGEN_FUZZ", "6"))

ANSWERS = st.fixed_dictionaries(
    {
        "broker": st.sampled_from(["redis", "rabbitmq"]),
        "idempotency_store": st.sampled_from(["redis", "postgresql"]),
        "queue_layout": st.sampled_from(["single", "priority", "latency"]),
        "results": st.sampled_from(["none", "redis"]),
        "ci": st.sampled_from(["github", "gitlab"]),
        "scheduler": st.sampled_from(["true", "false"]),
    }
)
ADDITIONS = {
    "service": ("compose.yaml", r"^(?=  [a-z-]+:\n    )|^(?=\nvolumes:)", "  {0}:\n    image: {0}\n\n"),
    "step": (".github/workflows/ci.yml", r"^(?=      - )|\Z", "      - run: {0}\n"),
    "dependency": ("pyproject.toml", r'^(?=    "(click|kombu|celery|redis|structlog))', '    "{0}>=1",\n'),
}
"""What is added to files that are merged by structure: the file, in front of what, and the text around the mark."""
HARMLESS = ("crlf", "add", *STRAYS, *ADDITIONS)
"""Edits with which the project still compiles, lints and keeps its times."""
TASKS = st.lists(st.sampled_from(["send_invoice", "ResizeImage", "close-account"]), unique=True, max_size=2)


@dataclass(frozen=True)
class Edit:
    """An edit of the file at a place among the project's files, at a place among its lines; `word` is its mark."""

    file: float
    line: float
    kind: str
    word: str


EDITS = st.lists(
    st.builds(
        Edit,
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["insert", "append", "change", "delete", "add", "task", "latin", *HARMLESS]),
        st.from_regex(r"mark_[a-z]{12}", fullmatch=True),
    ),
    max_size=6,
    unique_by=lambda edit: edit.word,
)


@cache
def world() -> tuple[Path, dict[str, str]]:
    """The template's history, once for all cases."""
    folder = Path(tempfile.mkdtemp(prefix="asyncgen-history-")) / "asyncgen"
    return folder, history(folder)


@cache
def rendered(version: str, answers: tuple[tuple[str, str], ...]) -> Path:
    """A fresh project of a release."""
    template, commits = world()
    place = Path(tempfile.mkdtemp(prefix="asyncgen-fresh-")) / "shop"
    data = [word for name, value in answers for word in ("-d", f"{name}={value}")]
    options = ["--defaults", "--template", str(template), "--ref", commits[version]]
    assert run(["new", str(place), *options, *data]) == 0
    return place


def do(edit: Edit, project: Path) -> tuple[str, str] | None:
    """Make an edit; what it was done to, and the kind that it turned out to be."""
    if edit.kind in ADDITIONS:
        return put(edit, project)
    if edit.kind == "add":
        path = f"src/shop/{edit.word}.py" if edit.line < 0.5 else f"notes/{edit.word}.md"
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text(f"# {edit.word}\n")
        return path, "user's"
    if edit.kind in STRAYS:
        path = f"src/shop/{edit.kind}" if edit.line < 0.5 else f"src/shop/tasks/{edit.kind}"
        if os.path.lexists(project / path):
            return None
        STRAYS[edit.kind](project / path)
        return f"{path}/inner.py" if (project / path).is_dir() else path, "user's"
    if edit.kind == "task":
        path = "src/shop/tasks/send_welcome.py"
        if not (project / path).exists():
            return None
        add(project / path, f"# {edit.word}\n".encode())
        return path, "user's"
    files = sorted(git(project, "ls-files").split("\n"))
    path = files[int(edit.file * len(files))]
    is_task = path.startswith(("src/shop/tasks/", "tests/tasks/")) and not path.endswith("__init__.py")
    if path == ".copier-answers.yml" or not (project / path).exists():
        return None
    if edit.kind == "delete":
        (project / path).unlink()
        return path, "user's deletion" if is_task else "deletion"
    if edit.kind == "crlf":
        content = (project / path).read_bytes()
        (project / path).write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return path, "user's" if is_task else "line ends"
    if edit.kind == "latin":
        add(project / path, f"# größer {edit.word}\n".encode("latin-1"))
        return path, "user's" if is_task else "edit"
    lines = (project / path).read_bytes().decode("latin-1").split("\n")
    at = len(lines) - 1 if edit.kind == "append" else int(edit.line * len(lines))
    lines[at : at + (edit.kind == "change")] = [f"# {edit.word}"]
    if edit.kind == "append":
        lines.append("")
    (project / path).write_bytes("\n".join(lines).encode("latin-1"))
    return path, "user's" if is_task else "edit"


def add(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line)


def put(edit: Edit, project: Path) -> tuple[str, str] | None:
    """Put something between the template's entries."""
    path, pattern, addition = ADDITIONS[edit.kind]
    if not (project / path).exists():
        return None
    text = (project / path).read_bytes().decode("latin-1")
    places = [found.start() for found in re.finditer(pattern, text, re.MULTILINE)] or [len(text)]
    at = places[int(edit.line * len(places))]
    (project / path).write_bytes((text[:at] + addition.format(edit.word) + text[at:]).encode("latin-1"))
    return path, "addition"


@settings(
    max_examples=CASES,
    deadline=None,
    print_blob=True,
    derandomize=CASES < 100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_no_edit_is_lost(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    versions = list(world()[1])
    first = data.draw(st.integers(0, len(versions) - 2), "from")
    last = data.draw(st.integers(first + 1, len(versions) - 1), "to")
    answers = tuple(sorted(data.draw(ANSWERS, "answers").items()))
    tasks, edits = data.draw(TASKS, "tasks"), data.draw(EDITS, "edits")

    project = Path(tmp_path_factory.mktemp("case") / "shop")
    shutil.copytree(rendered(versions[first], answers), project)
    with inside(project):
        for task in tasks:
            assert run(["add-task", task, "--defaults"]) == 0
    commit(project)
    done = {edit.word: result for edit in edits if (result := do(edit, project))}
    if data.draw(st.booleans(), "with CRLF"):
        for path in git(project, "ls-files").split("\n"):
            if (project / path).exists():
                content = (project / path).read_bytes().replace(b"\r\n", b"\n")
                (project / path).write_bytes(content.replace(b"\n", b"\r\n"))
    commit(project)
    before = snapshot(project)
    with inside(project):
        options = [] if all(edit.kind in HARMLESS for edit in edits) else ["--no-verify"]
        code = run(["update", "--to", world()[1][versions[last]], "--defaults", *options])
    assert code in (0, 1)
    after = snapshot(project)
    fresh = snapshot(rendered(versions[last], answers))
    check(before, after, fresh, done, code, moved(dict(answers)))
    check_additions(after, done)
    shutil.rmtree(project.parent)


def moved(answers: dict[str, str]) -> dict[str, str]:
    """Where the template says that files went, by their old paths."""
    told = {"template/history.yml": File((ROOT / "template/history.yml").read_bytes())}
    return dict(load(told, {}, answers | {"package": "shop"}).files)


def check(
    before: Mapping[str, bytes | str],
    after: Mapping[str, bytes | str],
    fresh: Mapping[str, bytes | str],
    done: Mapping[str, tuple[str, str]],
    code: int,
    moved: Mapping[str, str],
) -> None:
    """What has to hold after an update, from the files before, after, and of a fresh project.

    moved: the paths to which edits may have gone along.
    """
    texts = {path: content.decode(errors="replace") for path, content in after.items() if isinstance(content, bytes)}
    touched = {path for path, _ in done.values()}
    touched |= {moved[path] for path in touched & moved.keys()} | {f"{path}.unmaintained" for path in touched}
    turned = {path for path, kind in done.values() if kind == "line ends"}
    for path in turned - {path for path, kind in done.values() if kind != "line ends"}:
        expected = fresh.get(path)
        assert after.get(path) == (expected.replace(b"\n", b"\r\n") if isinstance(expected, bytes) else None), path
    for word, (path, kind) in done.items():
        if "deletion" in kind:
            assert path not in after or any(done[other][0] == path for other in done if other != word), path
        elif not isinstance(before.get(path), bytes) or word.encode() not in before[path]:
            continue  # a later edit took it away
        else:
            assert any(word in text for text in texts.values()), f"{word} in {path} is lost"
    mine = {path for path in before if is_mine(path)} | {path for path, kind in done.values() if kind == "user's"}
    assert {path: after.get(path) for path in mine} == {path: before.get(path) for path in mine}
    for path, content in fresh.items():
        if path in touched or is_mine(path) or content == "folder" or path == ".copier-answers.yml":
            continue
        if path == "GUIDE.md" and "AGENTS.md" in touched:
            continue
        stood, expected = before.get(path), content
        if isinstance(stood, bytes) and isinstance(expected, bytes) and b"\r\n" in stood:
            expected = expected.replace(b"\n", b"\r\n")
        assert after.get(path) == expected, f"{path} is not what the new release has"
    for path in after.keys() - fresh.keys():
        assert path in touched or is_mine(path) or after[path] == "folder", f"{path} is left over"
    assert not any(".asyncgen-" in path for path in after)
    for path, text in texts.items():
        if path.endswith(".py") and path not in touched:
            ast.parse(text)
    if code == 0:
        assert not any("<<<<<<< before" in text for text in texts.values())


def check_additions(after: Mapping[str, bytes | str], done: Mapping[str, tuple[str, str]]) -> None:
    """Additions to a file that was not edited otherwise stand there once, without a conflict."""
    edited = {path for path, kind in done.values() if kind != "addition"}
    for word, (path, _) in done.items():
        if path in after.keys() - edited:
            text = after[path].decode().replace("\r\n", "\n")  # type: ignore[union-attr]
            assert "<<<<<<< " not in text, path
            assert any(addition.format(word) in text for _, _, addition in ADDITIONS.values()), f"{word} in {path}"


def is_mine(path: str) -> bool:
    return (
        path.startswith(("src/shop/tasks/", "tests/tasks/", "contract.yaml")) and path != "src/shop/tasks/__init__.py"
    )


class inside:  # noqa: N801 # reads as a word
    """The current folder, for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, Path.cwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)

    def __exit__(self, *error: object) -> None:
        os.chdir(self.before)


def lose(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["a.py"] = b"x = 1\n"


def touch(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["src/shop/tasks/mine.py"] = b"theirs\n"


def stay_old(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["b.py"] = before["b.py"]


def leave(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["old.py"] = b""


def revive(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["gone.py"] = b""


def turn_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    after["c.py"] = b"3\n"


@pytest.mark.parametrize("offence", [lose, touch, stay_old, leave, revive, turn_back])
def test_an_offence_is_caught(offence: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
    before: dict[str, Any] = {"a.py": b"x = 1\n# mark_a\n", "b.py": b"1\n", "src/shop/tasks/mine.py": b"mine\n"}
    before["c.py"] = b"1\r\n"
    after = before | {"b.py": b"2\n", "c.py": b"3\r\n"}
    fresh: dict[str, Any] = {"a.py": b"x = 1\n", "b.py": b"2\n", "c.py": b"3\n"}
    done = {"mark_a": ("a.py", "edit"), "mark_b": ("gone.py", "deletion"), "mark_c": ("c.py", "line ends")}
    check(before, after, fresh, done, 0, {})
    offence(before, after)
    with pytest.raises(AssertionError):
        check(before, after, fresh, done, 0, {})
