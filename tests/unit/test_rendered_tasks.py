"""Every combination of answers, with the shortest and the longest names, renders files that ruff and mypy accept."""

import itertools
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asyncgen.errors import BadInput
from asyncgen.names import TASK_LETTERS
from asyncgen.releases import files_at, release_commits
from asyncgen.service import Service
from asyncgen.skeletons.digest import is_unedited
from asyncgen.skeletons.kind import Record
from asyncgen.skeletons.render import render
from asyncgen.tasks import TASK, Answers, TaskOptions, decide, variables
from asyncgen.tasks.record import read_record

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "template" / "service" / "src" / "{{package}}"
RELEASE = "v10.20.30-400-g0123456"
TYPES = ("int", "str", "bool", "float", "UUID", "date", "datetime", "Decimal")
AXES: dict[str, list[Any]] = {
    "idempotency": ["transactional", "lease", "at-most-once", "natural"],
    "arg": [
        [],
        ["a:int"],
        ["a:date", "b:UUID"],
        ["a:datetime"],
        [f"{letter * TASK_LETTERS}:{kind}" for letter, kind in zip("abcdefgh", TYPES, strict=True)],
        [f"a{number}:list[{kind}]" for number, kind in enumerate(TYPES)],
        ["a:enum[open,paid]", f"{'b' * TASK_LETTERS}:list[enum[{'x' * 20},{'y' * 20}]]", "c:UUID"],
    ],
    "key": ["none", "all"],
    "retry_on": [
        None,
        ["OSError"],
        ["smtplib.SMTPException", "requests.Timeout", "service.errors.Later", f"elsewhere.{'y' * 70}"],
    ],
    "max_retries": [None, 0],
    "keep_result": ["", "x" * 60],
}
FEWEST_TASKS = 250

QUEUES_PY = """
from enum import Enum

from .runtime import QueueClass


class Queue(Enum):
    DEFAULT = QueueClass("default", longest_run=300)
"""


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """The working copy's `template/task`, by its path in the template."""
    folder = ROOT / "template" / "task"
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def make_service(root: Path, package: str) -> Service:
    """A service with all that a task file imports, and a store and results that admit every answer."""
    folder = root / "src" / package
    shutil.copytree(PACKAGE / "runtime", folder / "runtime", ignore=shutil.ignore_patterns("testing"))
    (folder / "tasks").mkdir()
    for name, content in {
        "__init__.py": "",
        "tasks/__init__.py": "",
        "queues.py": QUEUES_PY,
        "task.py": (PACKAGE / "task.py").read_text(),
        "errors.py": "class Later(Exception):\n    pass\n",
    }.items():
        (folder / name).write_text(content)
    answers = {"broker": "redis", "idempotency_store": "postgresql", "results": "redis", "scheduler": True}
    return Service(root, package, "", "", answers)


def names(shortest: bool) -> Iterator[str]:
    """a, b, ... and a1, b1, ...; or names of all letters that the budget has."""
    for number in itertools.count():
        if shortest:
            yield from (f"{letter}{number or ''}" for letter in string.ascii_lowercase if letter != "l")
        else:
            yield f"{'name_of_thirty_letters_' * 2}"[: TASK_LETTERS - 4] + f"{number:0>4}"


def all_answers(service: Service) -> Iterator[Answers]:
    """What every combination decides, but for those that are refused."""
    for number, values in enumerate(itertools.product(*AXES.values())):
        given = dict(zip(AXES, values, strict=True))
        given["key"] = [text.partition(":")[0] for text in given["arg"] if given["key"] == "all"]
        if given["retry_on"]:
            given["retry_on"] = [error.replace("service", service.package) for error in given["retry_on"]]
        given["bound"] = ("", "io", "cpu")[number % 3]
        given["rate_limit"] = "999999/m" if number % 2 else ""
        given["breaker"] = "b" * 30 if number % 4 < 2 else ""
        given["every"] = "*/5 0-23/2 1,2,3 jan-dec mon-fri" if not given["arg"] and number % 5 else ""
        try:
            yield decide("none", TaskOptions(**given), service)
        except BadInput:
            continue


@pytest.fixture(scope="module", params=["s", "service_of_20_letters"[:20]])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> Path:
    """A service with a task for every combination."""
    package: str = request.param
    root = tmp_path_factory.mktemp(package)
    service = make_service(root, package)
    tasks = list(zip(names(len(package) == 1), all_answers(service), strict=False))
    assert len(tasks) > FEWEST_TASKS
    for made in render(files, [variables(name, answers, package, RELEASE) for name, answers in tasks], TASK):
        for path, content in made.items():
            assert is_unedited(content)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
    return root


def run(folder: Path, *command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def test_ruff_accepts_them(rendered: Path) -> None:
    config = ["--config", str(ROOT / "pyproject.toml"), "--config", 'src = [".", "src"]', "--no-cache"]
    paths = [*map(str, rendered.glob("src/*/tasks")), "tests"]
    run(rendered, "ruff", "format", "--check", *config, *paths)
    run(rendered, "ruff", "check", *config, *paths)


@pytest.mark.xdist_group("mypy")
@pytest.mark.parametrize("rendered", ["s"], indirect=True)  # no type depends on the length of a name
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_mypy_accepts_them(rendered: Path, step: int) -> None:
    """Or each fifth of them: five divides the length of no axis, so that all answers are among these."""
    options = ["--strict", "--explicit-package-bases"]
    # These are errors of libraries that the project would have to install.
    missing = ["--disable-error-code=import-not-found", "--disable-error-code=import-untyped"]
    number = len(list(rendered.glob("tests/tasks/test_*.py")))
    chosen = list(itertools.islice(names(shortest=True), number))[::step]
    assert len(chosen) > FEWEST_TASKS / step
    files = [path for name in chosen for path in (f"s/tasks/{name}.py", f"../tests/tasks/test_{name}.py")]
    run(rendered / "src", "mypy", *options, *missing, *files)


@pytest.mark.parametrize(
    ("old", "new"), [("5", "6"), ("\n\n\n", "\n\n"), ("sha256:", "sha256:0"), ("# asyncgen", "\n# asyncgen")]
)
def test_an_edit_is_seen(files: dict[str, str], old: str, new: str) -> None:
    [made] = render(files, [variables("send", Answers("DEFAULT", (), "lease", (), (), 5, 10), "shop", "1.0")], TASK)
    text = made["src/shop/tasks/send.py"]
    assert old in text
    assert is_unedited(text)
    assert not is_unedited(text.replace(old, new, 1))
    assert not is_unedited(f"{text}# mine\n")
    assert not is_unedited(text.rstrip("\n").rpartition("\n")[0])


def test_the_record_of_an_earlier_release_gives_the_same_files_again(tmp_path: Path) -> None:
    files = files_at(ROOT, release_commits(ROOT)["0.2.1"], ["template/task"])
    earlier = {path: file.content.decode() for path, file in files.items()}
    several = [variables("send", answers, "shop", RELEASE) for answers in all_answers(make_service(tmp_path, "shop"))][
        ::7
    ]
    for values, made in zip(several, render(earlier, several, TASK), strict=True):
        assert read_record(made["src/shop/tasks/send.py"], "send", "shop") == Record(RELEASE, values)


def test_an_edited_record_is_none() -> None:
    lines = ["release 1", "queue DEFAULT", "idempotency lease", "max-retries 5", "expected 10"]
    text = "".join(f"# asyncgen: {line}\n" for line in lines)
    answers = Answers("DEFAULT", (), "lease", (), (), 5, 10)
    assert read_record(text, "send", "shop") == Record("1", variables("send", answers, "shop", "1"))
    assert read_record(text.replace("max-retries 5", "max-retries five"), "send", "shop") is None
    for line in lines:
        assert read_record(text.replace(f"# asyncgen: {line}\n", ""), "send", "shop") is None
    for wrong in ("arg a", "arg a:Unknown"):
        assert read_record(f"{text}# asyncgen: {wrong}\n", "send", "shop") is None
