"""What a new service will be, before it is written: its tree, its topology, and what it needs on the machine."""

import ast
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import one_line

if TYPE_CHECKING:
    from ..service import QueueClass

__all__ = ["has_demo", "summary"]

_ENTRIES = 10
_WIDTH = 80
_SERVERS = {
    "redis": (("redis-server", "valkey-server"), "fakeredis stands in for demo and tests"),
    "rabbitmq": (("rabbitmq-server",), "without it no demo, and tests skip"),
    "postgresql": (("postgres", "psql"), "SQLite stands in for demo and tests"),
}
"""For each answer the programs of a server, one of which is enough, and what happens where none is there."""
_DEPLOYED_BY = {"compose": "docker", "kubernetes": "kubectl"}


def summary(destination: str, folder: Path, answers: Mapping[str, Any]) -> list[str]:
    """The lines for a person, of the files that were rendered in a folder."""
    from ..project import files_of

    files = files_of(folder)
    package, (name, email) = str(answers["package"]), (answers.get(f"author_{part}") for part in ("name", "email"))
    author = [*([str(name)] if name else []), *([f"<{email}>"] if email else [])]
    service = str(answers.get("service_name", package))
    called = "" if service == package else f"{service}, in "
    return [
        f"{destination}: {called}the package {package}",
        *([f"  by {' '.join(author)}", "  (another one: --author-name, --author-email)"] if author else []),
        "",
        *_tree(folder, files, package),
        "",
        *_topology(folder, answers),
        "",
        *_needs(answers),
    ]


def has_demo(answers: Mapping[str, Any]) -> bool:
    """Whether the service's demo finds its broker on this machine, or what stands in for it."""
    return answers.get("broker") != "rabbitmq" or any(map(shutil.which, _SERVERS["rabbitmq"][0]))


def _tree(folder: Path, files: list[str], package: str) -> list[str]:
    """The first of what its owner works on, each with what it says of itself; the rest as numbers."""
    own, runtime = f"src/{package}/", f"src/{package}/runtime/"
    yours = [file for file in files if not file.startswith(runtime)]
    entries = {_entry(file, own) for file in yours} - {""}
    ranked = sorted(
        entries, key=lambda entry: (not entry.startswith(own), entry != "tests/", not entry.endswith("/"), entry)
    )
    shown = ranked[:_ENTRIES]
    width = max(map(len, [*shown, runtime]))
    rest = sum(_entry(file, own) not in shown for file in yours)
    return [
        *(f"  {entry:<{width}}  {_says(folder / entry)}"[:_WIDTH].rstrip() for entry in shown),
        *([f"  {runtime:<{width}}  {len(files) - len(yours)} files that updates replace"] if yours != files else []),
        f"  and {rest} more files",
    ]


def _entry(file: str, own: str) -> str:
    """The first folder or file on the path of a file, below the package where it is there; "" for what is hidden."""
    start = own if file.startswith(own) else ""
    first, slash, _ = file.removeprefix(start).partition("/")
    return "" if first.startswith((".", "__")) else f"{start}{first}{slash}"


def _says(path: Path) -> str:
    """The beginning of a module's or a package's docstring."""
    module = path / "__init__.py" if path.is_dir() else path
    if module.suffix != ".py":
        return ""
    with suppress(OSError, SyntaxError, ValueError):
        text = ast.get_docstring(ast.parse(module.read_bytes())) or ""
        return one_line(re.split(r"[.:;,](?:\s|$)", text, maxsplit=1)[0])
    return ""


def _topology(folder: Path, answers: Mapping[str, Any]) -> list[str]:
    """How messages flow, by the answers and the queue table that was rendered."""
    from ..service import read_queues

    publisher, broker = answers.get("producer", "none"), answers.get("broker", "broker")
    sources = ["publishers" if publisher == "none" else str(publisher), *(["beat"] if answers.get("scheduler") else [])]
    queues: tuple[QueueClass, ...] = ()
    with suppress(OSError, SyntaxError, ValueError):
        queues = read_queues((folder / "src" / str(answers["package"]) / "queues.py").read_text(encoding="utf-8"))
    width = max((len(queue.name) for queue in queues), default=0)
    kept = {"keys of finished work": answers.get("idempotency_store"), "results": answers.get("results")}
    return [
        *(
            f"  {', '.join(sources)} -> {broker} -> {queue.name:<{width}} -> its workers: {queue.max_runtime} s at most"
            for queue in queues
        ),
        "  " + ", ".join(f"{what}: {where}" for what, where in kept.items() if where),
    ]


def _needs(answers: Mapping[str, Any]) -> list[str]:
    """The programs that the service takes, and whether this machine has them on PATH."""
    used = [answers.get(name) for name in ("broker", "idempotency_store", "results")]
    rows = [_program(programs, without) for server, (programs, without) in _SERVERS.items() if server in used]
    deploy = answers.get("deploy") or []
    rows += [_program((program,), f"for {each} alone") for each, program in _DEPLOYED_BY.items() if each in deploy]
    rows += [_program(("uv",), "make lock brings it")] if deploy else []
    width = max((len(name) for name, _ in rows), default=0)
    return ["It needs:", *(f"  {name:<{width}}  {state}" for name, state in rows)] if rows else []


def _program(names: Sequence[str], without: str) -> tuple[str, str]:
    found = next((name for name in names if shutil.which(name)), "")
    return (found, "on PATH") if found else (names[0], f"not on PATH: {without}")
