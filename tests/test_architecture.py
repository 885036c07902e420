"""The generator's architecture, executable: who may import whom, who may print, who may write, who may run programs.

cli → api, doctor → renaming, update → client, contract, service, skeletons, tasks, queues, workflows, check
    → environment, lock_file, project, questions, source, template_cache, releases, mirror, plan → names, errors, git

check: command → entry → engine → named_files, summarize → options, discovery → reports → summary → rules
    → analysis → celery → celery/configuration → model → source, findings
"""

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "generator" / "asyncgen"
LEVELS = [
    {
        "author",
        "bundle",
        "changes",
        "edits",
        "errors",
        "git",
        "journal",
        "locks",
        "module_files",
        "names",
        "paths",
        "places",
        "presets",
        "reading",
        "safe_yaml",
        "trees",
    },
    {
        "answer_sets",
        "clones",
        "environment",
        "interview",
        "lock_file",
        "template_cache",
        "mirror",
        "plan",
        "project",
        "questions",
        "releases",
        "rendering",
        "source",
    },
    {"client", "contract", "service", "skeletons", "tasks", "queues", "workflows", "check"},
    {"renaming", "update"},
    {"api", "doctor"},
    {"cli", "__main__"},
]
LEVEL = {module: level for level, names in enumerate(LEVELS) for module in names}
CHECK_LEVELS = [
    {"findings", "source"},
    {"model"},
    {"celery/configuration"},
    {"celery"},
    {"analysis"},
    {"rules"},
    {"summary"},
    {"reports"},
    {"discovery", "ignore_comments", "options", "process_pool"},
    {"named_files", "summarize"},
    {"engine"},
    {"entry"},
    {"__init__"},
    {"command"},
]
"""The parts of `check`: each is in an import cycle and lower levels, nothing else of `check`."""
CHECK_LEVEL = {part: level for level, parts in enumerate(CHECK_LEVELS) for part in parts}
COPIER = {"interview.py", "rendering.py"}
"""The modules that may import copier: the rest has to start fast."""
EDGE = {"__main__.py", "check/command.py"}
"""Beside the package `cli`: what may print, read the terminal and exit."""
WRITERS = {
    "author.py": "the author of the last new project, in the user's state",
    "plan.py": "the writer",
    "changes.py": "what a plan does to a file",
    "journal.py": "the journal of a plan",
    "mirror.py": "its mirrors of git URLs, in the user's cache",
    "template_cache.py": "the template's releases, in the user's home",
    "trees.py": "templates and copies of projects, in temporary folders",
    "update/scratch.py": "the temporary folder in which an update is built",
    "check/findings/baseline.py": "the baseline that --write-baseline names",
}
RUNNERS = {
    "git.py": "git",
    "lock_file.py": "uv, which locks the dependencies of a new project",
    "update/programs.py": "what an update is verified with: ruff, the project's Python, make test",
}
WRITING = {
    "chmod", "copy", "copy2", "copyfile", "copytree", "mkdir", "mkdtemp", "move", "remove", "rename", "renames",
    "replace", "rmdir", "rmtree", "symlink_to", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
NOT_ON_WINDOWS = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
LOCKS = "locks.py"
"""Where it asks on what system it runs. `make lint` has mypy look for functions that Windows lacks."""
FILE_MODULES = {"os", "shutil", "tempfile"}
# `replace` is also a method of str, and `remove` and `copy` of lists: these count only on a module of files.
AMBIGUOUS = {"copy", "move", "remove", "replace"}


parsed = cache(ast.parse)
"""Nearly all of the code is the same in each copy with an offence."""


def modules(package: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), parsed(path.read_text())


def module_of(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


@cache
def imported(path: str, tree: ast.Module) -> list[str]:
    """The absolute names of all modules that a file imports, wherever in the file."""
    package, found = ["asyncgen", *path.split("/")[:-1]], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from . import x` and `from asyncgen import x` may import a module.
            found += [f"{module}.{alias.name}" for alias in node.names]
    return found


def offences(package: Path) -> list[str]:
    found = []
    for path, tree in modules(package):
        module = module_of(path)
        if module == "__init__":
            continue
        if module not in LEVEL:
            found.append(f"{path}: a module that no level names")
            continue
        for name in imported(path, tree):
            top, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if top == "asyncgen" and other != module and LEVEL.get(other, -1) > LEVEL[module]:
                found.append(f"{path}: imports {other}")
            if top == "copier" and path not in COPIER:
                found.append(f"{path}: imports copier")
            if top == "subprocess" and path not in RUNNERS:
                found.append(f"{path}: runs programs")
            if top in NOT_ON_WINDOWS and path != LOCKS:
                found.append(f"{path}: imports {top}")
        found += [f"{path}: {what}" for what in unnamed_encodings(tree)]
        if module != "cli" and path not in EDGE:
            found += [f"{path}: {what}" for what in edge_calls(tree)]
        if path not in WRITERS:
            found += [f"{path}: {what}" for what in writing_calls(tree)]
    return found


def unnamed_encodings(tree: ast.Module) -> Iterator[str]:
    """What reads or writes text in the encoding of the system, which is not UTF-8 everywhere."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        named = {keyword.arg for keyword in node.keywords}
        modes = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        opens_text = (
            name == "open"
            and ast.unparse(node.func) != "os.open"
            and not any(re.fullmatch("[rwxa+]*b[rwxa+]*", mode) for mode in modes)
        )
        is_file = name in {"read_text", "write_text"} and "distribution" not in ast.unparse(node.func)
        runs = name in {"run", "Popen", "check_output"} and "text" in named
        if (opens_text or is_file or runs) and "encoding" not in named:
            yield f"{name} without an encoding"


def edge_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            # A stream that the edge hands down is its own to print to.
            handed = any(keyword.arg == "file" for keyword in node.keywords)
            if node.func.id in {"print", "input", "exit", "quit"} and not handed:
                yield f"calls {node.func.id}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "sys" and node.attr in {"exit", "stdin", "stdout", "stderr"}:
                yield f"uses sys.{node.attr}"
            if node.value.id == "os" and node.attr == "_exit":
                yield "uses os._exit"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            if "typer" in names:
                yield "imports typer"


def writing_calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        on_files = isinstance(owner, ast.Name) and owner.id in FILE_MODULES
        if name in WRITING and (on_files or name not in AMBIGUOUS):
            yield f"calls {name}"
        elif name == "open":
            modes = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
            if any(
                isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) & set("wax+") for m in modes
            ):
                yield "opens a file for writing"


def cycles(package: Path) -> list[str]:
    """Modules and packages that import each other, by whatever way round."""
    graph: dict[str, set[str]] = {}
    for path, tree in modules(package):
        names = {name.split(".")[1] for name in imported(path, tree) if name.startswith("asyncgen.")}
        graph.setdefault(module_of(path), set()).update(names & LEVEL.keys() - {module_of(path)})
    return sorted(module for module, names in closure(graph).items() if module in names)


def imports_of_check(package: Path) -> dict[str, set[str]]:
    """The modules of `check` that each of them imports, as paths below it, wherever in the file."""
    check = package / "check"
    paths = {path.relative_to(check).as_posix() for path in check.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for path in paths:
        graph[path] = set()
        for name in imported(f"check/{path}", parsed((check / path).read_text())):
            top, second, *parts = [*name.split("."), ""]
            if (top, second) == ("asyncgen", "check"):
                # The longest beginning that is a file: the rest is a name in it.
                beginnings = ("/".join(parts[:cut]) for cut in range(len(parts) - 1, -1, -1))
                files = (file for b in beginnings for file in (f"{b}.py", f"{b}/__init__.py".lstrip("/")))
                graph[path].add(next(file for file in files if file in paths))
    return graph


def part_of(path: str) -> str:
    return next((part for part in CHECK_LEVEL if "/" in part and path.startswith(f"{part}/")), module_of(path))


def check_offences(package: Path) -> list[str]:
    """Imports within `check` against its direction, and its modules that import each other by whatever way round."""
    graph = imports_of_check(package)
    found = []
    for path, others in sorted(graph.items()):
        part = part_of(path)
        if part not in CHECK_LEVEL:
            found.append(f"check/{path}: a part that no level names")
            continue
        parts = {part_of(other) for other in others} - {part}
        found += [
            f"check/{path}: imports {other}"
            for other in sorted(parts)
            if CHECK_LEVEL.get(other, len(CHECK_LEVELS)) >= CHECK_LEVEL[part]
        ]
    reach = closure(graph)
    return found + sorted(f"check/{path}: is in an import cycle" for path, far in reach.items() if path in far)


def closure(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """What each node reaches, by whatever way round."""
    reach = {node: set(others) for node, others in graph.items()}
    for _ in graph:
        for others in reach.values():
            others |= {far for near in others for far in reach.get(near, set())}
    return reach


def test_the_rules_hold() -> None:
    assert offences(PACKAGE) == []
    assert cycles(PACKAGE) == []


def test_check_imports_in_one_direction() -> None:
    assert check_offences(PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "code", "offence"),
    [
        ("source/codebase.py", "from ..model.names import Names", "imports model"),
        ("model/values.py", "def f():\n    from asyncgen.check.celery import tasks", "imports celery"),
        ("celery/task.py", "if TYPE_CHECKING:\n    from ..analysis.project import Project", "imports analysis"),
        ("celery/configuration/reader.py", "from ..option_names import TASK_OPTIONS", "imports celery"),
        ("analysis/usage.py", "import asyncgen.check.rules.base", "imports rules"),
        ("rules/broker.py", "from asyncgen.check.reports import REPORTS", "imports reports"),
        ("findings/baseline.py", "from asyncgen.check import run", "imports __init__"),
        ("source/files.py", "from asyncgen.check.findings.finding import Finding", "imports findings"),
        ("engine.py", "from asyncgen.check.entry import run", "imports entry"),
        ("helpers.py", "", "a part that no level names"),
    ],
)
def test_an_import_against_the_direction_is_caught(tmp_path: Path, path: str, code: str, offence: str) -> None:
    found = check_offences(planted_in_check(tmp_path, path, code))
    assert [text for text in found if not text.endswith("is in an import cycle")] == [f"check/{path}: {offence}"]


@pytest.mark.parametrize(
    ("path", "code", "circle"),
    [
        ("source/syntax.py", "def f():\n    from asyncgen.check.source.binder import Binder", ["binder", "syntax"]),
        ("findings/finding.py", "from .fingerprint import fingerprint", ["finding", "fingerprint"]),
    ],
)
def test_modules_of_check_that_import_each_other_are_caught(
    tmp_path: Path, path: str, code: str, circle: list[str]
) -> None:
    folder = path.partition("/")[0]
    found = check_offences(planted_in_check(tmp_path, path, code))
    assert found == [f"check/{folder}/{name}.py: is in an import cycle" for name in circle]


def planted_in_check(package: Path, path: str, code: str) -> Path:
    shutil.copytree(PACKAGE / "check", package / "check", ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "check" / path).open("a") as file:
        file.write(f"\n{code}\n")
    return package


@pytest.mark.parametrize(
    ("path", "code", "offence"),
    [
        ("names.py", "from .source import find", "names.py: imports source"),
        ("plan.py", "def f():\n    from asyncgen import tasks", "plan.py: imports tasks"),
        ("tasks/answers.py", "from ..cli.output import say", "tasks/answers.py: imports cli"),
        ("skeletons/render.py", "from .. import cli", "skeletons/render.py: imports cli"),
        ("check/run.py", "import asyncgen.cli.edge", "check/run.py: imports cli"),
        ("cli/new.py", "import copier", "cli/new.py: imports copier"),
        ("source.py", "from copier.errors import CopierError", "source.py: imports copier"),
        ("helpers.py", "", "helpers.py: a module that no level names"),
        ("tasks/answers.py", "print(1)", "tasks/answers.py: calls print"),
        ("project.py", "import sys\nsys.exit(2)", "project.py: uses sys.exit"),
        ("source.py", "import typer", "source.py: imports typer"),
        ("tasks/importing.py", "import subprocess", "tasks/importing.py: runs programs"),
        (
            "service.py",
            "from pathlib import Path\nPath('x').write_text('', encoding='utf-8')",
            "service.py: calls write_text",
        ),
        ("cli/new.py", "import shutil\nshutil.rmtree('x')", "cli/new.py: calls rmtree"),
        ("tasks/record.py", "import os\nos.replace('a', 'b')", "tasks/record.py: calls replace"),
        ("tasks/record.py", "open('x', 'wb')", "tasks/record.py: opens a file for writing"),
        ("git.py", "def f():\n    import fcntl", "git.py: imports fcntl"),
        ("service.py", "from pathlib import Path\nPath('x').read_text()", "service.py: read_text without an encoding"),
        ("service.py", "open('file')", "service.py: open without an encoding"),
        ("git.py", "import subprocess\nsubprocess.run([], text=True)", "git.py: run without an encoding"),
    ],
)
def test_an_offence_is_caught(tmp_path: Path, path: str, code: str, offence: str) -> None:
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    kept = (PACKAGE / path).read_text() if (PACKAGE / path).exists() else ""
    planted.write_text(f"{kept}\n{code}\n")
    assert offences(tmp_path) == [offence]


def test_a_cycle_is_caught(tmp_path: Path) -> None:
    for name in ("project.py", "source.py"):
        shutil.copy(PACKAGE / name, tmp_path)
    assert cycles(tmp_path) == []
    with (tmp_path / "source.py").open("a") as file:
        file.write("\nfrom .project import create\n")
    assert cycles(tmp_path) == ["project", "source"]


def test_every_module_says_what_is_public() -> None:
    for path, tree in modules(PACKAGE):
        if path in {"__init__.py", "cli/__init__.py"}:
            continue
        named = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and node.value is not None
            and "__all__" in {ast.unparse(t) for t in (node.targets if isinstance(node, ast.Assign) else [node.target])}
        ]
        assert len(named) == 1, f"{path} has no __all__"
        bound = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        bound |= {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
        bound |= {ast.unparse(node.target) for node in tree.body if isinstance(node, ast.AnnAssign)}
        bound |= {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert set(named[0]) <= bound, f"{path}: {set(named[0]) - bound}"
