"""Command lines of every command, by its own declaration, and surroundings that programs seldom meet."""

import errno
import io
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from hypothesis import strategies as st

from asyncgen.cli.app import app
from asyncgen.cli.edge import run
from tests.support import Ran

__all__ = ["Surroundings", "command_lines", "damage", "ran_in", "surroundings"]

TEXTS = [
    "", " ", "-", "--", "---", "-x", "--no-such", "'", '"', "a'b\"c", "two\nlines", "\r\n", "\t", "\0", "a\0b",
    "\x1b[31m", "{", "}}", "{{ 7*7 }}", "{% raw %}", "{% endraw %}{{ x", "{#", "%s %d", "{0.__class__}", "$(id)",
    "`id`", "; rm", "\\", "C:\\x", "\udcff", "a\ud800", "größe", "名前", "🙂", "\u202e", "\ufeff", "e\u0301", "x" * 300,
    "x" * 5000, "é" * 200, "null", "true", "~", "~/x", "~nobody/x", "[]", "{a: [", "!!python/object:os.system x",
    "&a [*a]", "2001-99-99", "0x1f", "1e400", "nan", "=", "a=", "=b", "a=b=c", "KEY=VALUE", "broker=redis",
    "package={{ 7*7 }}", ",", "a,,b", ":", "a:", "HEAD", "@{-1}",
]  # fmt: skip
PATHS = [
    ".", "..", "folder", "folder/", "folder/.", "file", "file/below", "dangling", "loop", "socket", "binary",
    "/dev/null", "/dev/full", "/dev/stdin", "/proc/self/mem", "missing", "missing/below", "new-one", "./-x", ".git",
    "src", "../shop", "README.md", "d/" * 1200 + "x", "n" * 255, "n" * 256, ".copier-answers.yml", "contract.yaml",
    "src/shop/queues.py", "file://folder", "p" * 240,
]  # fmt: skip
NUMBERS = [
    "0", "1", "-1", "60", "86400", "9" * 30, "1.5", "1e3", "nan", "inf", "\u0661", " 1", "0x10", "1_000", "many", "",
]  # fmt: skip
NAMES = [
    "send_welcome", "send_invoice", "SendInvoice", "class", "print", "a:int", "order_id:str", "a", "first,second",
    "30s", "0 3 * * *", "10/m", "default", "DEFAULT", "natural", "ConnectionError", "ACG101", "ALL", "json", "text",
]  # fmt: skip
FITTING = {
    "destination": ["new-one", "folder/new", "empty", "deep/new", "n" * 240, "../place/fresh"],
    "template": [".", "../shop", "HEAD"],
    "name": ["send_invoice", "SendInvoice", "reports", "send_welcome"],
    "old": ["send_welcome", "contract.yaml", "HEAD"], "new": ["send_greeting", "contract.yaml", "HEAD"],
    "longest": ["60", "86400", "300"], "concurrency": ["0", "8"], "prefetch": ["1"], "expected": ["3"],
    "max_retries": ["0", "5"],
    "arg": ["order_id:int", "user_id:uuid"], "key": ["order_id"], "retry_on": ["ConnectionError", "TimeoutError"],
    "queue": ["DEFAULT", "bulk"], "every": ["30s", "0 3 * * *"], "rate_limit": ["10/m"], "breaker": ["payments"],
    "source": ["-", "tasks.yaml"], "data": ["broker=rabbitmq", "queue_layout=priority", "expected=3"],
    "to": ["HEAD", "0.1.0"],
    "ref": ["HEAD"], "like": [".", "shop", ".copier-answers.yml"], "contract": ["contract.yaml"],
    "paths": [".", "src", "app.py"],
    "format": ["json", "sarif", "github", "text"], "baseline": ["baseline.json"], "write_baseline": ["baseline.json"],
    "select": ["ALL", "ACG1"], "chain": ["send_welcome,send_farewell"], "package": ["shop"], "explain": ["ACG101"],
}  # fmt: skip
COMMANDS = typer.main.get_command(app)
VALUES = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(PATHS),
    st.sampled_from(NUMBERS),
    st.sampled_from(NAMES),
    st.text(max_size=12),
)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with some of its options and arguments, and now and then a word that it does not expect."""
    command: Any = COMMANDS
    words: list[str] = []
    while commands := getattr(command, "commands", None):
        words.append(draw(st.sampled_from([*sorted(commands)] * 4 + ["no-such"])))
        if words[-1] not in commands:
            return words
        command = commands[words[-1]]
    options = [param for param in command.params if param.param_type_name == "option"]
    chosen = draw(st.lists(st.sampled_from(options), max_size=4))
    needed = [param for param in options if param.required and draw(st.integers(0, 9))]
    for option in [*chosen, *needed]:
        words.append(draw(st.sampled_from([*option.opts, *option.secondary_opts])))
        if not option.is_flag:
            words.append(draw(_values(option)))
    for argument in (param for param in command.params if param.param_type_name == "argument"):
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2]))):
            words.append(draw(_values(argument)))
    if draw(st.integers(0, 3)) == 0:
        words.append("--json")
    if draw(st.integers(0, 7)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(VALUES))
    return words


def _values(param: Any) -> st.SearchStrategy[str]:
    """What may stand for an option or argument: half of the time what it is made for."""
    listed = (param.metavar or "").split("|")
    fit = FITTING.get(param.name) or (listed if len(listed) > 1 else NAMES)
    return st.sampled_from([0, 1]).flatmap(lambda odd: VALUES if odd else st.sampled_from(fit))


BREAKS: dict[str, dict[str, bytes | None]] = {
    "nothing": {},
    "answers of wrong types": {".copier-answers.yml": b"_commit: 5\n_src_path: [a]\npackage: {}\n"},
    "answers that are a list": {".copier-answers.yml": b"- 1\n"},
    "answers that are no YAML": {".copier-answers.yml": b"a: [\n\t{{"},
    "answers that are no text": {".copier-answers.yml": b"\xff\xfe\0"},
    "no answers": {".copier-answers.yml": None},
    "a template that is gone": {".copier-answers.yml": b"_commit: abc\n_src_path: /nowhere\npackage: shop\n"},
    "answers of another shape": {
        ".copier-answers.yml": b"_commit: abc\n_src_path: ..\npackage: shop\nscheduler: {}\nbroker: 7\nobserve: 1\n"
    },
    "queues that do not parse": {"src/shop/queues.py": b"class Queue(:\n"},
    "queues that are no text": {"src/shop/queues.py": b"\xff\0"},
    "no queues": {"src/shop/queues.py": None},
    "a package that is a file": {"src/shop": b""},
    "tasks that do not parse": {
        "src/shop/tasks/broken.py": b"def (:\n\0",
        "src/shop/tasks/coded.py": b"# coding: klingon\n",
    },
    "tasks nested too deeply": {"src/shop/tasks/deep.py": b"x = " + b"(" * 5000 + b")" * 5000},
    "tasks that are a file": {"src/shop/tasks": b""},
    "a stub that is no text": {"src/shop/tasks/__init__.pyi": b"\xff\xfe\0"},
    "settings that do not parse": {"src/shop/settings.py": b"\xff("},
    "a .git that is a file": {".git": b"gitdir: nowhere\n"},
    "a .git that is no git's": {".git": b"\0\xff"},
    "no .git": {".git": None},
    "a repository without a HEAD": {".git/HEAD": None},
    "a repository with a broken index": {".git/index": b"nothing"},
    "a configuration that is no TOML": {"pyproject.toml": b"[tool.asyncgen\n", "setup.cfg": b"\xff"},
    "a configuration of wrong types": {"pyproject.toml": b"tool = 5\n"},
    "a contract that is none": {"contract.yaml": b"asyncapi: {a: [1\n"},
    "a contract of wrong types": {"contract.yaml": b"asyncapi: 3.0.0\nchannels: []\noperations: 5\ncomponents: no\n"},
}
"""By name: the files of a project that are broken, None for one that is missing."""


def damage(project: Path, name: str) -> None:
    """Break the files of a project."""
    for path, content in BREAKS[name].items():
        place = project / path
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        if content is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


VARIABLES: dict[str, dict[str, str | None]] = {
    "usual": {},
    "no home": {"HOME": None, "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "XDG_STATE_HOME": None},
    "a home that is a file": {
        "HOME": "{place}/file", "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "XDG_STATE_HOME": None,
    },
    "a home that is missing": {
        "HOME": "/proc/nowhere", "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "XDG_STATE_HOME": None,
    },
    "folders that are odd": {"XDG_CACHE_HOME": "file", "XDG_STATE_HOME": "~nobody/\udcff", "ASYNCGEN_HOME": "pipe"},
    "no terminal": {"TERM": None, "COLUMNS": "0", "LINES": "-1"},
    "odd terminal": {"TERM": "{{ x }}", "COLUMNS": "many", "NO_COLOR": ""},
    "no git": {"PATH": ""},
    "no path": {"PATH": None},
    "odd git": {"GIT_DIR": "file", "GIT_WORK_TREE": "missing", "GIT_CONFIG_COUNT": "many"},
    "odd git configuration": {"GIT_CONFIG_GLOBAL": "{place}/binary"},
    "no place for temporary files": {"TMPDIR": "{place}/file", "TMP": "/nowhere", "TEMP": ""},
    "an odd template": {"ASYNCGEN_TEMPLATE": "{place}/file"},
    "a template that is missing": {"ASYNCGEN_TEMPLATE": "a\nb\udcff"},
    "completion": {"_ASYNCGEN_COMPLETE": "complete_bash", "COMP_WORDS": "asyncgen add-task '", "COMP_CWORD": "1"},
}  # fmt: skip
"""By name: variables of the environment, None for one that is not set."""


@dataclass(frozen=True)
class Surroundings:
    """What a command runs in; `fails` is the errno of each try to write from the one numbered `after` on."""

    variables: str
    broken: str
    folder: str
    encoding: str
    stdin: str | None
    fails: int
    after: int
    size: int


surroundings = st.builds(
    Surroundings,
    variables=st.sampled_from(["usual"] * 6 + list(VARIABLES)),
    broken=st.sampled_from(["nothing"] * 12 + list(BREAKS)),
    folder=st.sampled_from(["shop"] * 6 + ["shop/src/shop", "", "gone", "deep", "folder"]),
    encoding=st.sampled_from(["utf-8", "utf-8", "ascii", "latin-1", "none"]),
    stdin=st.sampled_from(["", None, "{", "a: [", "do: {arg: [a:int]}", "\ud800", "y\n" * 9]),
    fails=st.sampled_from(
        [0] * 5 + [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG]
    ),
    after=st.sampled_from([0, 0, 1, 2, 3, 5, 8, 13, 21]),
    size=st.sampled_from([-1] * 9 + [0, 100, 5000]),
)


class _Faults:
    """Makes writing fail below everything: Python tells its audit hooks of each file that it opens."""

    def __init__(self) -> None:
        self.number, self.left, self.installed = 0, 0, False

    @contextmanager
    def on(self, number: int, after: int) -> Iterator[None]:
        if number and not self.installed:
            sys.addaudithook(self._seen)
            self.installed = True
        self.number, self.left = number, after
        try:
            yield
        finally:
            self.number = 0

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.number or event not in ("open", "os.mkdir", "os.link", "os.symlink", "os.rename", "os.remove"):
            return
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if event in ("os.rename", "os.remove") and self.number != errno.EROFS:
            return
        if not isinstance(arguments[0], str | bytes) or arguments[0] == os.devnull:
            return
        self.left -= 1
        # A file system that is read only was so from the beginning.
        if self.left < 0 or self.number == errno.EROFS:
            raise OSError(self.number, os.strerror(self.number), os.fsdecode(arguments[0]))


_FAULTS = _Faults()


@contextmanager
def _environment(changes: Mapping[str, str | None], place: Path) -> Iterator[None]:
    before = dict(os.environ)
    try:
        for name, value in changes.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value.replace("{place}", str(place))
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _file_size(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, of git neither; -1 for no limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if most < 0 else most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _streams(encoding: str, stdin: str | None) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    coded = "utf-8" if encoding == "none" else encoding
    written = io.TextIOWrapper(out, encoding=coded, newline="\n")
    sys.stdin = (
        None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin.encode(errors="surrogatepass")), encoding=coded)
    )
    sys.stdout = None if encoding == "none" else written
    sys.stderr = io.TextIOWrapper(err, encoding=coded, errors="backslashreplace", newline="\n")
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def ran_in(place: Path, around: Surroundings, arguments: list[str]) -> Ran:
    """Run a command in one of the folders of a place."""
    folder = place / around.folder
    if folder.is_file():
        folder = folder.parent
    here, temporary = Path.cwd(), tempfile.tempdir
    if around.folder == "gone":
        folder.mkdir()
    os.chdir(folder)
    if around.folder == "gone":
        folder.rmdir()
    tempfile.tempdir = None
    try:
        with (
            _environment(VARIABLES[around.variables], place),
            _streams(around.encoding, around.stdin) as (out, err),
            _file_size(around.size),
            _FAULTS.on(around.fails, around.after),
        ):
            code = run(arguments)
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            return Ran(code, *(written.getvalue().decode(errors="replace") for written in (out, err)))
    finally:
        os.chdir(here)
        tempfile.tempdir = temporary
