"""Commands, options, make targets, variables and imports that a page names are there."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from asyncgen.cli.app import app
from runtime.cli import group
from tests.template.golden import RUNTIME
from tests.template.rendering import ROOT

from .building import PAGES
from .reference.markdown import documented_fields
from .reference.settings import CLASSES

SERVICES = {"myservice", "shop"}
"""What pages call a service."""
COMMAND = re.compile(rf"^(?:\$ )?((?:asyncgen|{'|'.join(sorted(SERVICES))}|<package>) .*)$")
FENCE = re.compile(r"^ *```.*?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
VARIABLE = re.compile(r"(?:MYSERVICE|SHOP|<PACKAGE>)_([A-Z_]*[A-Z])\b")
OF_COMPOSE = {"CONTAINER", *(f"CONTAINER_{name}_URL" for name in ("BROKER", "IDEMPOTENCY", "RABBITMQ_MANAGEMENT"))}
"""Those that only compose.yaml reads, and how a page abbreviates them."""
MAKE = re.compile(r"^(?:\$ )?make ([a-z-]+)\b")
PYTHON = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNTIME_MODULE = re.compile(rf"(?:{'|'.join(sorted(SERVICES))}|<package>)\.(runtime[\w.]*)$")
GENERATOR = get_command(app)


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(PAGES.rglob("*.md"))]


def said(page: Path) -> Iterator[str]:
    """Each line of a block of code, and each span of it, without what follows a #."""
    text = page.read_text()
    for block in FENCE.findall(text):
        yield from map(str.strip, block.splitlines())
    yield from SPAN.findall(FENCE.sub("", text))


def wrong(line: str) -> str:
    """What a command line names that is not there; empty if all of it is."""
    try:
        program, *words = shlex.split(line.partition(" #")[0].partition("|")[0].rstrip("\\"))
    except ValueError:
        return ""  # a part of a line of a shell
    command: Any = GENERATOR if program == "asyncgen" else group
    context = command.make_context(program, [], resilient_parsing=True)
    while words and hasattr(command, "get_command"):
        name = words.pop(0).rstrip(",.;:")
        if not re.fullmatch("[a-z][a-z-]*", name):
            return ""  # options of the group, or a word for any command
        if (command := command.get_command(context, name)) is None:
            return name
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = [match[0] for word in words if (match := re.match("--[a-z][a-z-]*", word))]
    return next((option for option in options if option not in known | {"--help", "--json"}), "")


def test_commands_and_their_options_are_there() -> None:
    commands = [(page.name, match[1]) for page in pages() for line in said(page) if (match := COMMAND.match(line))]
    assert len(commands) > 100
    assert [(page, command) for page, command in commands if wrong(command)] == []


def test_variables_are_settings() -> None:
    fields = (documented_fields(RUNTIME / file, name) for file, name in CLASSES.values())
    known = {ast.unparse(field.target).upper() for each in fields for field, _ in each} | OF_COMPOSE
    named = [(page.name, name) for page in pages() for name in VARIABLE.findall(page.read_text())]
    assert [each for each in named if each[1] not in known] == []


def test_make_targets_are_there() -> None:
    files = [ROOT / "Makefile", ROOT / "template/service/Makefile.jinja"]
    known = {name for file in files for name in re.findall(r"^([a-z-]+):.*## ", file.read_text(), re.MULTILINE)}
    named = [(page.name, match[1]) for page in pages() for line in said(page) if (match := MAKE.match(line))]
    assert len(named) > 20
    assert [each for each in named if each[1] not in known] == []


def test_what_is_imported_from_a_runtime_is_public() -> None:
    imported = [(page.name, *each) for page in pages() for each in imports(page)]
    assert len(imported) > 10
    assert [each for each in imported if each[2] not in public(each[1])] == []


def imports(page: Path) -> Iterator[tuple[str, str]]:
    """The module below a service's package and the name, of each import from its runtime in the page's Python."""
    for block in PYTHON.findall(page.read_text()):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (match := RUNTIME_MODULE.match(node.module or "")):
                yield from ((match[1], name.name) for name in node.names)


def public(module: str) -> set[str]:
    """What a module of the runtime exports. Read, not imported: Django's wants settings."""
    path = RUNTIME.joinpath(*module.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    body = ast.parse(file.read_text()).body
    lists = [node.value for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    return {str(each.value) for node in lists for each in ast.walk(node) if isinstance(each, ast.Constant)}


def test_what_is_not_there_is_found() -> None:
    assert wrong("asyncgen add-tusk NAME") == "add-tusk"
    assert wrong("asyncgen new shop --brooker redis") == "--brooker"
    assert wrong("myservice dead reply ID") == "reply"
    assert wrong("shop dead list --sinse 2h | head") == "--sinse"
    assert wrong("asyncgen contract diff OLD NEW --json  # --else") == ""
