"""Wrong input of every kind gets its one sentence and exit code 2, and changes nothing.

`make update-fuzz` runs a thousand cases.
"""

import json
import keyword
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .commands import asyncgen, inside, tree

CASES = int(os.environ.get("ASYNCGEN_FUZZ", "100"))
FUZZ = settings(deadline=None, derandomize=CASES < 1000, suppress_health_check=list(HealthCheck))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
WORDS = st.text("abcdefghijklmnop_", min_size=1, max_size=12)
TAKEN = st.sampled_from(
    [*(word for word in keyword.kwlist if word.islower()), "print", "list", "json", "settings", "task",
     "queues", "runtime", "work", "self", "aux",
     "", "_", "9lives", "../up", "a b/c", "größe", "a\nb", "x" * 31, "-", "é", "date", "logger", "l"]
)  # fmt: skip
TYPES = st.sampled_from(
    ["User", "list[User]", "dict", "bytes", "list", "list[list[int]]", "object", "Any", "int | None", "Optional[int]",
     "Path", "shop.models.Order", "timedelta", "enum", "enum[]", "enum[a,a]", "enum[1]", "list[enum]", "set[int]", "",
     "Int", "Request", "tuple[int, ...]", "list[", "enum[" + "x" * 80 + "]", "int,", "lambda: 0", "'int'", ":int"]
)  # fmt: skip
ERRORS = st.sampled_from(
    ["Exception", "BaseException", "KeyboardInterrupt", "ConectionError", "smtplib.Nothing", "no such", "a;b",
     "os.path", "print", "x" * 90 + ".Error", "1.Error", "if.Error", "Queue.Error", ".", "asyncio.nothing.Error",
     "json.Nope"]
)  # fmt: skip
OTHER = st.sampled_from(["", "x", "-1", "0", "1.5", "many", "99999999999999999999", "\u0661", "1e3", " ", "None", "\t"])


def words(*parts: object) -> st.SearchStrategy[list[str]]:
    """A command line: strategies stand for one word each."""
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(str(part)) for part in parts)).map(list)


OPTIONS = st.one_of(
    words("--arg", st.builds("{}:{}".format, WORDS.map("a_{}".format), TYPES)),
    words(
        "--arg", st.builds("{}:int".format, st.sampled_from(["id", "class", "Self", "A", "x" * 31, "self", "é", "1"]))
    ),
    words("--arg", "a:int", "--key", WORDS.map("b_{}".format)),
    words("--arg", "a:int", "--arg", "a:str"),
    words("--arg", "a:int", "--key", "a,a"),
    words("--arg", "a:int", "--key", "a", "--idempotency", "natural"),
    words("--idempotency", WORDS.filter(lambda word: word not in {"lease", "natural"})),
    words("--retry-on", ERRORS),
    words("--max-retries", st.sampled_from(["-1", "101", "many", "1.5", ""])),
    words("--idempotency", "at-most-once", "--max-retries", st.integers(1, 100).map(str)),
    words("--expected", st.one_of(st.integers(-10, 0), st.integers(501, 10**9)).map(str)),
    words("--queue", WORDS.filter(lambda word: word not in {"critical", "default", "bulk"})),
    words("--queue", "critical", "--expected", st.integers(11, 500).map(str)),
    words("--bound", WORDS.filter(lambda word: word not in {"io", "cpu"})),
    words(
        "--rate-limit",
        st.sampled_from(["0/s", "10", "10/d", "-1/s", "1/h", "59/h", "many", "1/s/s", " /s", "\u0661/s"]),
    ),
    words("--breaker", st.one_of(WORDS, st.sampled_from(["Payments", "9", "a-b", "x" * 31, "größe", "a\nb", " "]))),
    words(
        "--every", st.sampled_from(["0s", "soon", "* * * *", "61 * * * *", "0 0 30 2 *", "@daily", "1w", "* * * * 7"])
    ),
    words("--arg", "a:int", "--every", "30s"),
    words("--keep-result", st.sampled_from(['a "quote"', "x" * 61, " blank", "back\\slash", "größe", "two\nlines"])),
    words("--data", TEXT.filter(lambda text: not text.split("=")[0].strip().isidentifier())),
    words(
        "-d", st.builds("{}={}".format, st.sampled_from(["expected", "max-retries"]), OTHER.filter(lambda o: o != "0"))
    ),
    words(WORDS.map("--no-such-{}".format)),
)
NAMES = WORDS.map("do_{}".format)
ADD_TASK = st.one_of(
    words("add-task", TAKEN),
    st.builds(lambda name, options: ["add-task", name, *options], NAMES, OPTIONS),
    words("add-task"),
    words("add-task", "do", "--from", "-"),
    words("add-task", "--from", TEXT.map("no such file {}".format)),
    words("add-task", "send_welcome"),
    words("remove-task", st.one_of(TAKEN, NAMES)),
)
UNKNOWN = NAMES.map("un_{}".format)
ADD_WORKFLOW = st.one_of(
    words("add-workflow", TAKEN, "--chain", "first,second"),
    words("add-workflow", NAMES),
    words(
        "add-workflow",
        NAMES,
        "--chain",
        st.sampled_from(["first", "", ",", "first,first", "first,second,first", "a:b"]),
    ),
    words("add-workflow", NAMES, "--chain", UNKNOWN.map("first,{}".format)),
    words("add-workflow", NAMES, "--chain", "first,conflicting"),
    words("add-workflow", NAMES, "--group", st.sampled_from(["first", "first:second", "second,second", "first,"])),
    words(
        "add-workflow",
        NAMES,
        "--chord",
        st.sampled_from(["first,second", "first:second,first", ":first", "first:", "a:b:c"]),
    ),
    words("add-workflow", NAMES, "--chain", "first,second", "--group", "first,second"),
    words("add-workflow", "flow", "--chain", "first,second"),
    words("remove-workflow", st.one_of(TAKEN, NAMES)),
    words("remove-task", st.sampled_from(["first", "second"]), "--force"),
)
ADD_QUEUE = st.one_of(
    words("add-queue", st.sampled_from(["", "9", "größe", "a/b", "x" * 21, "-x", "a\nb", "'"]), "--longest", "60"),
    words("add-queue", NAMES),
    words("add-queue", NAMES, "--longest", st.one_of(st.integers(-5, 9), st.integers(86401, 10**12)).map(str)),
    words("add-queue", NAMES, "--longest", st.sampled_from(["", "long", "1.5", "1e3"])),
    words("add-queue", NAMES, "--longest", "60", "--pool", WORDS.filter(lambda word: word != "threads")),
    words("add-queue", NAMES, "--longest", "60", "--prefetch", st.sampled_from(["0", "-1", "1001", "x"])),
    words("add-queue", NAMES, "--longest", "60", "--concurrency", st.sampled_from(["-1", "1001", "x"])),
    words("add-queue", st.sampled_from(["default", "Bulk", "critical"]), "--longest", st.integers(31, 299).map(str)),
    words("tasks", "--json", "--mermaid"),
)


@pytest.fixture(scope="module")
def grown(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A service with a few tasks and a workflow."""
    import shutil

    folder = tmp_path_factory.mktemp("grown") / "shop"
    shutil.copytree(everything, folder)
    with inside(folder):
        assert asyncgen("add-task", "first", "--arg", "order_id:int").code == 0
        assert asyncgen("add-task", "second", "--arg", "order_id:int").code == 0
        assert asyncgen("add-task", "conflicting", "--arg", "order_id:str").code == 0
        assert asyncgen("add-workflow", "flow", "--chain", "first,second").code == 0
        yield folder


def times(folder: Path) -> dict[str, int]:
    """When each file and folder below a folder was changed last, in nanoseconds."""
    return {
        entry.path: entry.stat(follow_symlinks=False).st_mtime_ns
        for place, _, _ in os.walk(folder)
        for entry in os.scandir(place)
        if "__pycache__" not in place and entry.name != "__pycache__"
    }


@settings(FUZZ, max_examples=CASES)
@given(st.one_of(ADD_TASK, ADD_WORKFLOW, ADD_QUEUE))
def test_wrong_input_is_one_sentence_and_changes_nothing(grown: Path, arguments: list[str]) -> None:
    before = times(grown)
    ran = asyncgen(*arguments)
    assert ran.code == 2, (ran, arguments)
    assert ran.err.startswith("asyncgen: ")
    error = {"error": ran.err.removeprefix("asyncgen: ").rstrip("\n")}
    assert ran.out == (json.dumps(error, indent=2) + "\n" if "--json" in arguments else ""), (ran, arguments)
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.err
    assert times(grown) == before, arguments


FILES = st.one_of(
    # A name with a colon or a question mark would be a task.
    TEXT.filter(lambda text: not set(":?") & set(text)),
    st.sampled_from(["", "[]", "{}", "- 1", "a: [", "do: {arg: [a: int]}", "do: {argg: [a:int]}", "do: 5", "1: {}",
                     "- {arg: [a:int]}", "do: {expected: soon}", "do: {expected: true}", "do: {queue: 5}", "&a [*a]",
                     "do: !!bool x", "do: {arg: !!int ''}", "do: 2024-99-99"]),
    # The first task is right, and the second is not: neither is made.
    OPTIONS.filter(lambda options: options[0] == "--queue" and len(options) == 2).map(
        lambda options: f"right: {{arg: [a:int]}}\nwrong: {{queue: {options[1]}}}"
    ),
    st.sampled_from(["class", "print", "9"]).map("right: {{}}\n{}: {{}}".format),
    st.just("- {name: same}\n- {name: Same}"),
    st.just("right:\nfirst:"),
)  # fmt: skip


@settings(FUZZ, max_examples=CASES // 3)
@given(FILES)
def test_a_file_with_one_wrong_task_adds_none(grown: Path, text: str) -> None:
    before = tree(grown)
    ran = asyncgen("add-task", "--from", "-", stdin=text)
    assert (ran.code, ran.out) == (2, ""), (ran, text)
    assert ran.err.startswith("asyncgen: ")
    assert ran.err.count("\n") == 1
    assert tree(grown) == before


def test_standard_input_is_named_so(grown: Path) -> None:
    ran = asyncgen("add-task", "--from", "-", stdin="[")
    assert ran.code == 2
    assert ran.err.startswith("asyncgen: expected standard input to be YAML or JSON, got: ")
