"""`asyncgen client`: files that it wrote are replaced, edits stay, and what is no contract is one sentence."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asyncgen.clones import Template
from runtime.testing.digests import RUNTIME
from tests.support import Ran, commit, git, write
from tests.update.installs import unpacked_wheel

from .contracts import TASKS, contract, files, task

Asyncgen = Callable[..., Ran]


def one_line(ran: Ran) -> str:
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    return ran.err.removeprefix("asyncgen: ")


def put(document: Any, name: str = "contract.yaml") -> None:
    Path(name).write_text(document if isinstance(document, str) else json.dumps(document))


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_a_package_and_says_what(asyncgen: Asyncgen) -> None:
    put(contract())
    planned = asyncgen("client", "shop-client", "--dry-run")
    assert planned.code == 0, planned.err
    assert not Path("shop-client").exists()
    ran = asyncgen("client", "shop-client")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == planned.out.replace("Would write", "Wrote")
    written = set(tree(Path("shop-client")))
    assert {line.split(":")[0].strip() for line in ran.out.splitlines()[1:]} == written
    assert {"pyproject.toml", "src/shop_client/__init__.py", "src/shop_client/py.typed"} <= written
    again = asyncgen("client", "shop-client")
    assert again.out == "Nothing to do for shop-client: it is the client of this contract.\n"


def test_the_same_contract_gives_the_same_bytes(source: Template) -> None:
    reordered = json.loads(json.dumps(contract(), sort_keys=True))
    assert files(contract(), source) == files(contract(), source)
    texts = [files(each, source)["src/shop_client/__init__.py"] for each in (contract(), reordered)]
    assert sorted(texts[0].splitlines()) == sorted(texts[1].splitlines())


def test_the_modules_of_the_runtime_are_copied_byte_for_byte(source: Template) -> None:
    for broker in ("redis", "rabbitmq"):
        made = files(contract(broker=broker), source)
        own = "src/shop_client/runtime/"
        copies = {path.removeprefix(own): text for path, text in made.items() if path.startswith(own)}
        same = {
            path for path, text in copies.items() if (RUNTIME / path).is_file() and (RUNTIME / path).read_text() == text
        }
        assert copies.keys() - same == {
            *("__init__.py", "settings.py", "brokers/__init__.py", f"brokers/{broker}/__init__.py")
        }
        assert {"errors.py", "payload.py", "sending.py", f"client/{broker}.py", "client/task.py"} <= same


def test_a_later_contract_replaces_what_nobody_edited(asyncgen: Asyncgen) -> None:
    put(contract())
    assert asyncgen("client", "shop-client").code == 0
    before = tree(Path("shop-client"))
    put(contract({**TASKS, "added": task("shop.tasks.added.added")}, broker="redis"))
    ran = asyncgen("client", "shop-client", "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    after = tree(Path("shop-client"))
    changed = {each["file"]: each["change"] for each in said["files"]}
    assert changed == {
        path: "create" if path not in before else "remove" if path not in after else "replace"
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }
    assert changed["src/shop_client/runtime/brokers/rabbitmq/delays.py"] == "remove"
    assert (said["module"], said["tasks"][-1], len(said["contract"])) == ("shop_client", "added", 12)
    assert not Path("shop-client/src/shop_client/runtime/brokers/rabbitmq").exists()


@pytest.mark.parametrize("edited", ["README.md", "src/shop_client/runtime/brokers/rabbitmq/delays.py"])
def test_an_edit_is_kept_and_nothing_is_changed(asyncgen: Asyncgen, edited: str) -> None:
    put(contract())
    assert asyncgen("client", "shop-client").code == 0
    write(Path("shop-client"), {edited: "mine\n"})
    before = tree(Path("shop-client"))
    put(contract({**TASKS, "added": task("shop.tasks.added.added")}, broker="redis"))
    assert one_line(asyncgen("client", "shop-client")).startswith(
        f"expected {edited} to be as asyncgen client wrote it, got: edits, which would be lost; "
    )
    assert tree(Path("shop-client")) == before


def test_line_ends_that_git_converted_are_no_edit(asyncgen: Asyncgen) -> None:
    git(Path.cwd(), "init", "--quiet")
    put(contract())
    assert asyncgen("client", "shop-client").code == 0
    commit(Path.cwd())
    readme = Path("shop-client/README.md")
    readme.write_bytes(readme.read_bytes().replace(b"\n", b"\r\n"))
    put(contract({"ping": TASKS["ping"]}))
    assert asyncgen("client", "shop-client").code == 0
    assert b"\r" not in readme.read_bytes()


def test_a_folder_of_others_is_refused(asyncgen: Asyncgen) -> None:
    put(contract())
    write(Path("other"), {"README.md": "mine\n"})
    assert "to be new, empty or a client that asyncgen wrote, got: a folder with README.md" in one_line(
        asyncgen("client", "other")
    )
    assert tree(Path("other")) == {"README.md": "mine\n"}
    Path("empty").mkdir()
    assert asyncgen("client", "empty").code == 0
    write(Path("empty"), {".asyncgen-client.json": "[]"})
    assert "to be as asyncgen client wrote it, got: edits" in one_line(asyncgen("client", "empty"))
    assert "expected" in one_line(asyncgen("client", "contract.yaml"))
    assert "run mkdir -p" in one_line(asyncgen("client", "no/such/folder"))


def changed(**parts: Any) -> dict[str, Any]:
    return {**contract(), **parts}


def with_task(key: str = "work", **schema: Any) -> dict[str, Any]:
    return contract({key: task("shop.tasks.work.work", {"value": schema} if schema else {})})


def channel(**parts: Any) -> dict[str, Any]:
    document = contract()
    document["channels"]["default"] |= parts
    return document


BOMB = "\n".join([f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else '1'}]" for n in range(9)])
BAD = {
    "no YAML": ("a: [1", "to be a contract in YAML, got: "),
    "another YAML": ("services: {web: {image: x}}", "expected asyncapi in contract.yaml to be 3.0.0, got: nothing"),
    "a list": ("[1]", "expected asyncapi in contract.yaml to be 3.0.0, got: nothing"),
    "empty": ("", "expected asyncapi in contract.yaml to be 3.0.0, got: nothing"),
    "an older AsyncAPI": ("asyncapi: 2.6.0", "to be 3.0.0, got: '2.6.0'"),
    "aliases": (f"asyncapi: 3.0.0\n{BOMB}", "aliases that stand for more than"),
    "within itself": ("asyncapi: 3.0.0\ninfo: &a {b: *a}", "got: "),
    "a key twice": ("asyncapi: 3.0.0\nasyncapi: 3.0.0", "got: asyncapi twice in the mapping on line 1"),
    "a date": ("asyncapi: 3.0.0\ninfo: 2026-01-01", "got: "),
    "a tag": ("asyncapi: !!python/name:os.system", "got: "),
    "NaN": ("asyncapi: 3.0.0\ninfo: .nan", "got: "),
    "nothing else": ("asyncapi: 3.0.0", "expected channels in contract.yaml to be a mapping, got: nothing"),
    "no channels": (changed(channels=[]), "expected channels in contract.yaml to be a mapping, got: []"),
    "no schemas": (
        changed(components={"messages": {}}),
        "expected components/schemas in contract.yaml to be a mapping",
    ),
    "another broker": (changed(**{"x-broker": "kafka"}), "to be one of rabbitmq, redis, got: 'kafka'"),
    "no title": (changed(info={"version": "1.0.0"}), "expected info/title in contract.yaml to be a text in one line"),
    "a version": (changed(info={"title": "shop", "version": "one"}), "to be a version such as 1.0.0, got: 'one'"),
    "no exchange": (
        channel(**{"x-exchange": None}),
        "expected channels/default/x-exchange/name in contract.yaml to be",
    ),
    "an odd exchange": (
        channel(**{"x-exchange": {"name": "shop", "type": "x"}}),
        "to be one of direct, topic, got: 'x'",
    ),
    "another address": (channel(address="a.default"), "to be a name that begins with shop, as its exchange"),
    "odd arguments": (
        channel(**{"x-queue-arguments": [1]}),
        "channels/default/x-queue-arguments in contract.yaml to be",
    ),
    "a task in no channel": (channel(messages={}), "to be a message of a channel, got: 'of none'"),
    "no queue": (
        changed(channels={}, components={"messages": {}, "schemas": {}}),
        "of one exchange, named for the package",
    ),
    "one name twice": (
        contract({"a": task("shop.tasks.a.a"), "b": task("shop.tasks.a.a")}),
        "to be tasks with names of their own, got: 'shop.tasks.a.a twice'",
    ),
    "a function twice": (json.dumps(contract()).replace('"ping"', '"odd"'), "got: odd twice in the mapping on line 1"),
    "a keyword": (with_task("lambda"), "got: 'lambda', which Python does not take as a name"),
    "no identifier": (with_task("a-b"), "got: 'a-b', which Python does not take as a name"),
    "a name of the client": (with_task("publish_many"), "got: 'publish_many', which the client defines or uses itself"),
    "a type's name": (with_task("list"), "got: 'list', which the client defines or uses itself"),
    "arguments alike": (
        contract({"a_b": task("shop.a.a"), "aB": task("shop.b.b")}),
        "got: 'ABArguments', which is of the task a_b",
    ),
    "a keyword as argument": (
        contract({"work": task("shop.work", {"class": {"type": "integer"}})}),
        "expected the names of the arguments of work to be names in Python, got: class, a Python keyword",
    ),
    "an argument twice": (
        contract({"work": task("shop.work", {"a": {}, "b": {"x-argument": "a"}})}),
        "expected the arguments of work to have names of their own, got: a twice",
    ),
    "a reference": (
        with_task(**{"$ref": "#/x"}),
        "argument value of work to be one that Python's types express, got: {'$ref'",
    ),
    "no type": (with_task(type="money"), "expected components/messages/work/payload/items/1/properties/value/type"),
    "an object in an enum": (with_task(enum=[{}]), "got: {'enum': [{}]}"),
    "a pattern": (with_task(type="string", pattern="("), "got: {'pattern': '('}"),
    "a limit": (with_task(type="integer", minimum="1"), "/properties/value/minimum in contract.yaml to be JSON Schema"),
    "tuples of a later draft": (with_task(type="array", prefixItems=[{}]), "got: {'prefixItems': [{}]}"),
    "an unknown wire type": (with_task(**{"x-type": "money"}), "got: {'x-type': 'money'}"),
    "a schema that is true": (
        contract({"work": task("shop.work", {"a": True}, required=[])}),
        "to be objects, got: True",
    ),
    "no schema": (contract({"work": task("shop.work", {"a": []})}), "/properties/a in contract.yaml to be JSON Schema"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD)
def test_what_is_no_contract_is_one_sentence(asyncgen: Asyncgen, document: Any, sentence: str) -> None:
    put(document)
    said = one_line(asyncgen("client", "shop-client"))
    assert said.startswith("expected ")
    assert sentence in said
    assert "; " in said
    assert not Path("shop-client").exists()


def test_no_file_and_no_text(asyncgen: Asyncgen, tmp_path: Path) -> None:
    assert "expected the contract of a service at contract.yaml, got: no such file" in one_line(asyncgen("client", "x"))
    assert "got: a folder; name the file" in one_line(asyncgen("client", "x", "--contract", str(tmp_path)))
    Path("contract.yaml").write_bytes(b"\xff\xfe")
    assert "to be a contract in YAML, got: " in one_line(asyncgen("client", "x"))


def test_an_alias_that_means_something_else_is_left_out(source: Template) -> None:
    aliases = ["shop.a.second", "shop.b.third", "shop.c.own"]
    document = contract(
        {
            "first": task("shop.a.second", x_task={"aliases": aliases}),
            "second": task("shop.x.second", x_task={"aliases": ["shop.y.third"]}),
        }
    )
    text = files(document, source)["src/shop_client/__init__.py"]
    assert [line for line in text.splitlines() if ".formerly(" in line] == ['own = first.formerly("own")']


def write_client(folder: Path, document: dict[str, Any], source: Template) -> Path:
    write(folder, files(document, source))
    return folder


def test_the_package_is_clean(source: Template, client_folder: Path, tmp_path: Path) -> None:
    """With names, texts and enums of any length and kind."""
    long = "n" * 60
    odd = contract(
        {
            long: task(
                "shop.tasks.odd.odd",
                {
                    "list": {"type": "array", "items": {"type": "string"}},
                    "l" * 30: {"enum": [f"value {number}" for number in range(60)]},
                    "text": {"type": "string", "default": '"it\'s" \\ \n ü ' * 9},
                    "uuid": {"type": ["integer", "null"], "default": None, "minimum": 1},
                    "args": {"enum": ["[", "# \"'", "Decimal"]},
                },
                by_position={"type": "array"},
                more=True,
                summary='"""\\ \x00 ends with "',
                x_task={"aliases": ["shop." + "o" * 60], "deprecated": "use \"x\"\n\\ 'y'", "key": ["text"]},
            ),
        },
        broker="redis",
        package="odd",
    )
    folders = [
        client_folder,
        write_client(tmp_path / "odd", odd, source),
        write_client(tmp_path / "none", contract({}, package="none"), source),
    ]
    sources = [str(folder / "src") for folder in folders]
    environ = os.environ | {"MYPYPATH": os.pathsep.join(sources)}
    commands: list[list[Any]] = [
        ["ruff", "format", "--check", *folders],
        ["ruff", "check", *folders],
        ["mypy", *sources],
    ]
    for command in commands:
        python = [sys.executable, "-m", *map(str, command)]
        done = subprocess.run(python, cwd=client_folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_no_text_of_a_contract_becomes_code(source: Template) -> None:
    text = "\"\"\"'); __import__('os').abort() #\\"
    hostile = contract(
        {
            "work": task(
                "shop.tasks.work.work",
                {"a": {"enum": [text], "default": text, "description": text}},
                summary=text,
                x_task={
                    "deprecated": text,
                    "every": text,
                    "key": [text],
                    "aliases": [f"shop.{text}", "shop.b"],
                    "time_limit": text,
                },
            )
        }
    )
    hostile["info"]["title"] = text
    hostile["channels"][text] = hostile["channels"].pop("default")
    made = files(hostile, source)
    module = ast.parse(made["src/shop_client/__init__.py"])
    assert {type(node) for node in module.body} == {ast.Expr, ast.ImportFrom, ast.Assign, ast.ClassDef, ast.FunctionDef}
    calls = {ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    assert calls == {
        "Client",
        "Path",
        "Path(__file__).with_name",
        "TypedDict",
        "default.deprecated_task",
        "work.formerly",
    }
    assert tomllib.loads(made["pyproject.toml"])["project"]["description"] == f"Typed calls of the tasks of {text}."


def test_an_installed_asyncgen_brings_all_that_it_needs(template: Path, home: Path, tmp_path: Path) -> None:
    """Without the repository: the wheel has the template's releases with it."""
    put(contract(), str(tmp_path / "contract.yaml"))
    install = unpacked_wheel(template, tmp_path / "site")
    ran = install.run("asyncgen", "client", "shop-client", home=home, at=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "shop-client/src/shop_client/runtime/client/rabbitmq.py").is_file()


def test_a_template_without_a_client_is_refused(asyncgen: Asyncgen, tmp_path: Path) -> None:
    put(contract())
    write(tmp_path / "older", {"copier.yml": "a: b\n", "template/client/README.md": "x\n"})
    git(tmp_path / "older", "init", "--quiet")
    commit(tmp_path / "older")
    assert "to hold template/client, got: an older one; install a newer asyncgen" in one_line(
        asyncgen("client", "shop-client", "--template", str(tmp_path / "older"))
    )
