"""`asyncgen contract diff OLD NEW`: where it finds the two, what it says of them, and its exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import Ran, clean_home, command_line, commit, git, write

from .documents import document, task, text

Asyncgen = Callable[..., Ran]

ID = {"invoice_id": {"type": "integer"}}
NOTE = {"note": {"type": "string", "default": ""}}
FORMER = text(document(task(properties=ID), task("shop.tasks.bill.bill")))
WIDENED = text(document(task(properties={**ID, **NOTE}), task("shop.tasks.bill.bill")))
BROKEN = text(document(task(properties={**ID, "mode": {"type": "string"}}, time_limit=40)))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without a git identity."""
    return clean_home(tmp_path_factory, monkeypatch)


@pytest.fixture
def asyncgen(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line, in this process."""
    return command_line(capfd)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, a service in a subfolder of a repository, whose last commit has a contract."""
    folder = tmp_path / "repository" / "services" / "shop"
    write(folder, {".copier-answers.yml": "package: shop\n", "src/shop/__init__.py": ""})
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "repository")
    commit(folder, "The service")
    write(folder, {"contract.yaml": FORMER})
    commit(folder, "Its contract")
    monkeypatch.chdir(folder)
    return folder


def error(ran: Ran) -> str:
    """The one sentence of bad input."""
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    return ran.err


def test_a_break_is_named_with_its_reason_and_its_fix(service: Path, asyncgen: Asyncgen) -> None:
    write(service, {"contract.yaml": BROKEN})
    ran = asyncgen("contract", "diff", "HEAD", "contract.yaml")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == (
        "send: argument-required: argument mode is new, and has no default\n"
        "    breaks messages on their way, and old producers with new workers: workers refuse such a call, and it "
        "becomes a dead letter\n"
        "    fix: give it a default\n"
        "\n"
        "bill: task-removed: shop.tasks.bill.bill is gone\n"
        "    breaks messages on their way, and old producers with new workers: workers that do not know the name make "
        "each such message a dead letter\n"
        "    fix: keep it, with deprecated= in its options; remove it when nothing sends it and its queue is empty\n"
        "\n"
        "Notes:\n"
        "  send: time_limit is 40, was 30\n"
        "\n"
        "2 changes break messages on their way or producers that are not yet deployed\n"
    )


def test_what_breaks_nothing_is_said_with_its_notes(service: Path, asyncgen: Asyncgen) -> None:
    write(service, {"contract.yaml": WIDENED})
    ran = asyncgen("contract", "diff", "HEAD", "contract.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Notes:\n"
        "  send: argument note is new, with a default; deploy workers before producers that pass it\n"
        "\n"
        "Nothing breaks messages on their way or producers that are not yet deployed\n"
    )
    assert asyncgen("contract", "diff", "contract.yaml", "contract.yaml").out.startswith("Nothing breaks")


def test_json_is_for_programs(service: Path, asyncgen: Asyncgen) -> None:
    write(service, {"contract.yaml": BROKEN})
    ran = asyncgen("contract", "diff", "HEAD", "contract.yaml", "--json")
    assert (ran.code, ran.err) == (1, "")
    found = json.loads(ran.out)
    assert [(change["code"], change["subject"]) for change in found["breaks"]] == [
        ("argument-required", "send"),
        ("task-removed", "bill"),
    ]
    assert {*found["breaks"][0]} == {"code", "subject", "what", "breaks", "why", "fix"}
    assert found["notes"] == [
        {"code": "option-changed", "subject": "send", "what": "time_limit is 40, was 30", "mind": ""}
    ]


# ---- where the contracts are ----


def test_commits_are_those_of_the_service_s_repository(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(service, {"contract.yaml": BROKEN})
    git(service, "tag", "v1")
    commit(service, "Break it")
    monkeypatch.chdir(service / "src" / "shop")
    for old in ("HEAD^1", "HEAD~1", "v1", git(service, "rev-parse", "HEAD^1")[:10]):
        assert asyncgen("contract", "diff", old, "main").code == 1, old
    assert asyncgen("contract", "diff", "main", "main").code == 0
    assert asyncgen("contract", "diff", "main", "../../contract.yaml").code == 0
    (service / "main").mkdir()
    monkeypatch.chdir(service)
    assert asyncgen("contract", "diff", "v1", "main").code == 1, "a folder of that name is no contract"


@pytest.mark.parametrize(
    ("old", "reason"),
    [("HEAD^1", "HEAD^1 has no contract.yaml"), ("HEAD~2", ""), ("HEAD^1^", "HEAD^1^ is before the first commit")],
)
def test_an_old_one_without_a_contract_breaks_nothing(service: Path, asyncgen: Asyncgen, old: str, reason: str) -> None:
    ran = asyncgen("contract", "diff", old, "contract.yaml")
    if not reason:
        assert "expected a file or a commit in git's history, got: HEAD~2;" in error(ran)
        return
    assert (ran.code, ran.err) == (0, f"note: {reason}, so there is nothing to compare with\n")
    assert ran.out.startswith("Nothing breaks")


def test_in_a_shallow_clone_what_was_not_fetched_is_no_first_commit(
    service: Path, asyncgen: Asyncgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{service.parents[1]}", "clone")
    monkeypatch.chdir(tmp_path / "clone/services/shop")
    assert "got: HEAD^1; correct the name, or fetch more of the history" in error(
        asyncgen("contract", "diff", "HEAD^1", "contract.yaml")
    )


def test_outside_of_a_service_it_is_the_contract_of_the_current_folder(service: Path, asyncgen: Asyncgen) -> None:
    (service / ".copier-answers.yml").unlink()
    assert asyncgen("contract", "diff", "HEAD", "contract.yaml").code == 0


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("nonsense", "contract.yaml", "expected a file or a commit in git's history, got: nonsense;"),
        ("gone.yaml", "contract.yaml", "expected a file or a commit in git's history, got: gone.yaml;"),
        ("HEAD", "src", "expected a file or a commit in git's history, got: src;"),
        (
            "HEAD:contract.yaml",
            "contract.yaml",
            "expected a file or a commit in git's history, got: HEAD:contract.yaml;",
        ),
        ("", "contract.yaml", "expected a file or a commit in git's history, got: nothing;"),
        ("HEAD", "HEAD^1", "expected NEW to have a contract, got: HEAD^1 has no contract.yaml; name"),
    ],
)
def test_what_is_neither_a_file_nor_a_commit_is_one_sentence(
    service: Path, asyncgen: Asyncgen, old: str, new: str, sentence: str
) -> None:
    assert sentence in error(asyncgen("contract", "diff", old, new))


@pytest.mark.parametrize("name", ["--output=x", "-p", "--exec=touch x"])
def test_a_name_that_looks_like_an_option_reaches_no_git(service: Path, asyncgen: Asyncgen, name: str) -> None:
    before = sorted(service.iterdir())
    assert f"got: {name}; " in error(asyncgen("contract", "diff", "--", name, "contract.yaml"))
    assert f"got: {name}; " in error(asyncgen("contract", "diff", "--", "contract.yaml", name))
    assert sorted(service.iterdir()) == before


def test_outside_of_a_repository_files_are_compared(
    tmp_path: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"old.yaml": FORMER, "new.yaml": BROKEN})
    assert asyncgen("contract", "diff", "old.yaml", "new.yaml").code == 1
    assert "got: HEAD; " in error(asyncgen("contract", "diff", "HEAD", "new.yaml"))


# ---- what is no contract ----


def edited(path: str, value: Any) -> str:
    """The contract with another value at a place."""
    made = document(task(properties=ID))
    *parents, last = path.replace("MESSAGE", "components/messages/send").replace("SCHEMA", SCHEMA).split("/")
    place: Any = made
    for name in parents:
        place = place[int(name) if isinstance(place, list) else name]
    place[int(last) if isinstance(place, list) else last] = value
    return text(made)


SCHEMA = "components/schemas/shop.tasks.send.send"
ID_SCHEMA = f"{SCHEMA}/properties/invoice_id"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("asyncapi", "2.6.0", "expected asyncapi in contract.yaml to be 3.0.0, got: '2.6.0'"),
        ("x-broker", None, "expected x-broker in contract.yaml to be text, got: nothing"),
        ("channels", None, "expected channels in contract.yaml to be a mapping, got: nothing"),
        ("channels/default", [], "expected channels/default in contract.yaml to be a mapping, got: []"),
        ("channels/default/address", 1, "expected channels/default/address in contract.yaml to be text"),
        ("channels/default/messages", {}, "expected components/messages/send in contract.yaml to be a message of a"),
        ("components", 1, "expected components in contract.yaml to be a mapping, got: 1"),
        ("MESSAGE/name", None, "expected components/messages/send/name in contract.yaml to be text"),
        ("MESSAGE/x-task", None, "messages/send/x-task in contract.yaml to be a mapping, got: nothing"),
        ("MESSAGE/x-task/key", "a", "messages/send/x-task/key in contract.yaml to be a list of names, got: 'a'"),
        ("MESSAGE/x-task/aliases", [1], "messages/send/x-task/aliases in contract.yaml to be a list of names"),
        ("MESSAGE/x-task/own_name", [1], "messages/send/x-task/own_name in contract.yaml to be text"),
        ("MESSAGE/payload/items", [], "send/payload/items in contract.yaml to be arguments, keyword arguments"),
        ("MESSAGE/payload/items/1", True, "send/payload/items/1 in contract.yaml to be a mapping, got: True"),
        ("MESSAGE/payload/items/1/$ref", "#/a", "expected $ref in contract.yaml to be one of components/schemas"),
        ("SCHEMA/required", [1], "send/payload/items/1/required in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, 7, "items/1/properties/invoice_id in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"type": "int"}, "/invoice_id/type in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"type": [{}]}, "/invoice_id/type in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"minimum": "1"}, "/invoice_id/minimum in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"multipleOf": 0}, "/invoice_id/multipleOf in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"maxLength": -1}, "/invoice_id/maxLength in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"enum": "a"}, "/invoice_id/enum in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"anyOf": [1]}, "/invoice_id/anyOf/0 in contract.yaml to be JSON Schema"),
        (ID_SCHEMA, {"items": [1]}, "/invoice_id/items/0 in contract.yaml to be JSON Schema"),
    ],
)
def test_a_wrong_value_in_a_contract_is_named(
    service: Path, asyncgen: Asyncgen, path: str, value: Any, sentence: str
) -> None:
    write(service, {"contract.yaml": edited(path, value)})
    assert sentence in error(asyncgen("contract", "diff", "HEAD", "contract.yaml"))


@pytest.mark.parametrize(
    ("contract", "sentence"),
    [
        ("", "expected asyncapi in {} to be 3.0.0, got: nothing; write it with the service's command contract"),
        ("- 1\n", "expected asyncapi in {} to be 3.0.0, got: nothing"),
        ("a: [", "expected {} to be a contract in YAML, got: "),
        ("a: 2026-01-31\n", "expected {} to be a contract in YAML, got: Object of type date is not JSON serializable"),
        ("a: .nan\n", "expected {} to be a contract in YAML, got: Out of range float values"),
        ("a: &a [*a]\n", "expected {} to be a contract in YAML, got: aliases"),
        ("? {a: b}\n: c\n", "expected {} to be a contract in YAML, got: "),
    ],
)
def test_what_is_no_contract_is_one_sentence(service: Path, asyncgen: Asyncgen, contract: str, sentence: str) -> None:
    write(service, {"contract.yaml": contract})
    assert sentence.format("contract.yaml") in error(asyncgen("contract", "diff", "HEAD", "contract.yaml"))
    commit(service, "No contract")
    assert sentence.format("contract.yaml of HEAD") in error(asyncgen("contract", "diff", "HEAD", "HEAD"))


def test_what_is_no_text_is_one_sentence(service: Path, asyncgen: Asyncgen) -> None:
    (service / "contract.yaml").write_bytes(b"\xff\xfe")
    assert "expected contract.yaml to be a contract in YAML, got: " in error(
        asyncgen("contract", "diff", "HEAD", "contract.yaml")
    )


# ---- the command line ----


def test_a_shell_offers_the_contract_and_the_names_of_git(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(service, "tag", "v1")
    monkeypatch.setenv("_ASYNCGEN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "asyncgen contract diff ")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert asyncgen().out.split() == ["contract.yaml", "HEAD", "HEAD^1", "main", "v1"]


def test_it_loads_no_renderer(service: Path) -> None:
    code = (
        "import sys; from asyncgen.cli.edge import run; run(['contract', 'diff', 'HEAD', 'contract.yaml']);"
        "print(*{'copier', 'jinja2', 'rich'} & set(sys.modules))"
    )
    out = subprocess.check_output([sys.executable, "-c", code], text=True, env=os.environ, cwd=service)
    assert out.splitlines()[-1] == ""
