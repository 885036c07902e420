"""The order of imports within the runtime, executable: who may import whom, and no way round in a circle.

errors, settings, queues → diagnostics, payload, arguments, names, schedule → brokers, idempotency
    → service, publishing, dead_letters → task → worker → app → cli, producers → testing
"""

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import runtime

RUNTIME = Path(runtime.__file__).parent
LEVELS = [
    {"errors", "log_context", "observers", "probe", "signals", "urls", "settings", "own_settings", "queues"},
    {"annotations", "arguments", "diagnostics", "json_schema", "names", "payload", "schedule", "sending"},
    {"brokers", "idempotency"},
    {"client", "service", "publishing", "migrations", "relay", "dead_letters"},
    {
        *("breaker", "contract", "decorator", "delivery_limit", "options", "outbox", "status", "submission"),
        *("task", "task_modules", "workflow"),
    },
    {"worker"},
    {"observability"},
    {"app", "loading"},
    {"cli", "producers"},
    {"testing"},
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}
PUBLIC = "__init__"
"""The public interface imports from everywhere, and each name when it is used; inside, nothing imports it."""


def modules(folder: Path) -> list[tuple[str, Path]]:
    """Every module and stub of the runtime by its dotted name within it; a package has the name of its folder."""
    found = []
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.pyi")]):
        parts = path.relative_to(folder).with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == PUBLIC and len(parts) > 1 else parts), path))
    return found


@cache
def statements(text: str) -> list[ast.Import | ast.ImportFrom]:
    """The import statements of a module."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(name: str, path: Path, known: set[str]) -> Iterator[str]:
    """What a module imports, wherever in it and for type checkers too: within the runtime `.name`, else `name`."""
    package = name.split(".") if path.name == "__init__.py" and name != PUBLIC else name.split(".")[:-1]
    for node in statements(path.read_text()):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not node.level:
            yield str(node.module)
        else:
            if node.level > len(package) + 1:
                yield ".."
                continue
            base = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                submodule = ".".join([*base, alias.name])
                yield f".{submodule if submodule in known else '.'.join(base) or PUBLIC}"


def offences(folder: Path) -> list[str]:
    """What breaks the order."""
    known, found = {name for name, _ in modules(folder)}, []
    for name, path in modules(folder):
        top = name.partition(".")[0]
        if top != PUBLIC and top not in LEVEL:
            found.append(f"{name}: no level names it")
            continue
        for imported in imports(name, path, known):
            other = imported.removeprefix(".").partition(".")[0]
            if imported == ".." or (not imported.startswith(".") and other in ("runtime", "tests")):
                found.append(f"{name}: imports what is above the runtime: {imported}")
            elif imported.startswith(".") and name != PUBLIC and other == PUBLIC:
                found.append(f"{name}: imports the public interface")
            elif imported.startswith(".") and name != PUBLIC and LEVEL.get(other, -1) > LEVEL[top]:
                found.append(f"{name}: imports {other}")
    return found


def cycle(folder: Path) -> list[str]:
    """Modules that import each other, by whatever way round; empty if there are none."""
    known = {name for name, _ in modules(folder)}
    graph: dict[str, set[str]] = {name: set() for name in known - {PUBLIC}}
    for name, path in modules(folder):
        if name != PUBLIC:
            graph[name] |= {each[1:] for each in imports(name, path, known) if each.startswith(".")} - {name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return sorted(set(error.args[1]))
    return []


def test_the_runtime_keeps_the_order() -> None:
    assert offences(RUNTIME) == []
    assert cycle(RUNTIME) == []


@pytest.mark.parametrize(
    ("path", "code", "offence"),
    [
        ("errors.py", "from .queues import QueueClass\nfrom . import task", "errors: imports task"),
        ("brokers/redis/batch.py", "from ...publishing import publish_many", "brokers.redis.batch: imports publishing"),
        ("idempotency/store.py", "def f():\n    from .. import service", "idempotency.store: imports service"),
        ("publishing.py", "if TYPE_CHECKING:\n    from .task import ServiceTask", "publishing: imports task"),
        ("task.py", "from .worker import request", "task: imports worker"),
        ("worker/consumer.py", "from ..app import create_app", "worker.consumer: imports app"),
        ("cli/send.py", "from ..testing.app import load_app", "cli.send: imports testing"),
        ("task.py", "from . import ServiceError", "task: imports the public interface"),
        ("task.py", "from ..queues import Queue", "task: imports what is above the runtime: .."),
        ("cli/dead.py", "from ...app import app", "cli.dead: imports what is above the runtime: .."),
        ("__init__.py", "from ..app import app", "__init__: imports what is above the runtime: .."),
        ("cli/dead.py", "import runtime.app", "cli.dead: imports what is above the runtime: runtime.app"),
        ("helpers.py", "", "helpers: no level names it"),
    ],
)
def test_an_offence_is_caught(tmp_path: Path, path: str, code: str, offence: str) -> None:
    planted = shutil.copytree(RUNTIME, tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__")) / path
    with planted.open("a") as file:
        file.write(f"\n{code}\n")
    assert offences(tmp_path / "runtime") == [offence]


@pytest.mark.parametrize(
    ("path", "code", "found"),
    [
        ("errors.py", "from .urls import masked", ["errors", "urls"]),
        ("options.py", "if TYPE_CHECKING:\n    from .task import ServiceTask", ["options", "task"]),
        ("idempotency/claim.py", "def f():\n    from . import renewal", ["idempotency.claim", "idempotency.renewal"]),
    ],
)
def test_a_cycle_is_caught(tmp_path: Path, path: str, code: str, found: list[str]) -> None:
    folder = shutil.copytree(RUNTIME, tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / path).open("a") as file:
        file.write(f"\n{code}\n")
    assert cycle(folder) == found
