"""`asyncgen add-workflow` and `remove-workflow`: what they make and refuse; what a workflow uses stays."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .commands import asyncgen, inside, tree

FILE, TEST = "src/shop/workflows/checkout.py", "tests/workflows/test_checkout.py"


@pytest.fixture(scope="module")
def grown(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with tasks of many arguments, and with names that a workflow's file has a use for."""
    folder = Path(shutil.copytree(everything, tmp_path_factory.mktemp("grown") / "shop"))
    for name, *arguments in (
        ("reserve", "order_id:int"),
        ("charge", "order_id:int", "mode:enum[card,bank]", "at:datetime"),
        ("ship", "order_id:int", "ids:list[UUID]"),
        ("start", "order_id:int"),
        ("chain", "charge:int"),
        ("step10",),
        ("step9",),
        ("relabel", "order_id:str"),
    ):
        words = [word for argument in arguments or ("none",) for word in ("--arg", argument)]
        with inside(folder):
            assert asyncgen("add-task", name, *words).code == 0
    return folder


@pytest.fixture
def tasks(grown: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, as the current folder."""
    with inside(Path(shutil.copytree(grown, tmp_path / "shop"))) as copy:
        yield copy


def test_its_output(tasks: Path) -> None:
    before = tree(tasks)
    ran = asyncgen("add-workflow", "Checkout", "--chain", "reserve,charge,ship")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Added checkout:\n  {FILE}\n  {TEST}\n\nNext: write failed in {FILE}, then run make test.\n"
    assert set(tree(tasks)) - set(before) == {FILE, TEST}
    assert {path: content for path, content in tree(tasks).items() if path in before} == before


def test_the_workflow_file(tasks: Path) -> None:
    asyncgen("add-workflow", "checkout", "--chord", "reserve,charge:ship")
    text = (tasks / FILE).read_text()
    assert (
        '    workflow = Workflow("checkout", workflow_id, checkout_failed)\n'
        "    steps = chord(\n"
        "        [\n"
        '            workflow.step("1", reserve, order_id, counted=True),\n'
        '            workflow.step("2", charge, order_id, mode, at, counted=True),\n'
        "        ],\n"
        '        workflow.step("3", ship, order_id, ids),\n'
        "    )\n"
        "    return workflow.publish(steps)\n"
    ) in text


@pytest.mark.xdist_group("mypy")
def test_all_shapes_and_awkward_names_pass_lint_and_types(tasks: Path) -> None:
    flags = {
        "one": ["--chain", "reserve,charge,ship,start,step9,step10"],
        "two": ["--group", "chain,charge"],
        "three": ["--chord", "start,chain:reserve"],
        "four": ["--chain", "step10,step9"],
        "start": ["--chain", "start,reserve"],
    }
    for name, shape in flags.items():
        assert asyncgen("add-workflow", name, *shape).code == 0
    for command in (["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]):
        done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def test_nothing_rendered_waits_for_a_result(tasks: Path) -> None:
    asyncgen("add-workflow", "checkout", "--chord", "reserve,charge:ship")
    waits = [
        f"{path.relative_to(tasks)}:{node.lineno}"
        for folder in ("src/shop/tasks", "src/shop/workflows")
        for path in (tasks / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("get", "join", "wait", "collect", "AsyncResult")
    ]
    assert waits == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--chain", "reserve,reserve"], "expected each task once in a workflow, got: reserve twice; a second run"),
        (["--chain", "reserve,charge,reserve"], "expected each task once in a workflow, got: reserve twice"),
        (
            ["--chain", "reserve,chargee"],
            "expected the steps to be tasks of this service, got: chargee; did you mean ch",
        ),
        (["--chain", "reserve"], "expected --chain to name 2 to 30 tasks, got: reserve"),
        (["--chain", "reserve:ship"], "expected --chain to be a,b,c, got: reserve:ship"),
        (["--chord", "reserve,ship"], "expected --chord to be a,b:c, with one task after the colon, got: reserve,ship"),
        (
            ["--chain", "reserve,relabel"],
            "expected order_id to have one type in all steps, got: int in reserve and str",
        ),
        ([], "expected one of --chain a,b,c, --group a,b or --chord a,b:c, got: none"),
        (["--chain", "reserve,ship", "--group", "reserve,ship"], "expected one of --chain a,b,c, --group a,b or --cho"),
    ],
)
def test_what_could_not_run_is_refused(tasks: Path, arguments: list[str], sentence: str) -> None:
    before = tree(tasks)
    ran = asyncgen("add-workflow", "checkout", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"asyncgen: {sentence}")
    assert tree(tasks) == before


def test_a_chord_needs_results(tasks: Path) -> None:
    answers = tasks / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("results: postgresql", "results: none"))
    ran = asyncgen("add-workflow", "checkout", "--chord", "reserve,charge:ship")
    assert ran.code == 2
    assert ran.err == (
        "asyncgen: expected a service that keeps results, since a chord counts its parts in them, got: results none; "
        "use --chain, or run asyncgen update --data results=redis\n"
    )


def test_an_argument_that_was_edited_into_an_object_is_refused(tasks: Path) -> None:
    path = tasks / "src/shop/tasks/reserve.py"
    path.write_text(path.read_text().replace("order_id: int", "order: Order"))
    ran = asyncgen("add-workflow", "checkout", "--chain", "reserve,ship")
    assert ran.code == 2
    assert "src/shop/tasks/reserve.py:" in ran.err
    assert "pass its primary key" in ran.err


@pytest.mark.parametrize(
    "shape", [["--chain", "reserve,charge"], ["--group", "ship,chain"], ["--chord", "start,step9:ship"]]
)
def test_it_is_removed_as_safely_as_it_was_added(tasks: Path, shape: list[str]) -> None:
    before = tree(tasks)
    asyncgen("add-workflow", "checkout", *shape)
    for path in (FILE, TEST):
        text = (tasks / path).read_text()
        (tasks / path).write_text(f"{text}# mine\n")
        ran = asyncgen("remove-workflow", "checkout")
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert f"expected {path} to be as asyncgen add-workflow made it, got: edits" in ran.err
        (tasks / path).write_text(text)
    assert asyncgen("remove-workflow", "checkout", "--dry-run").code == 0
    ran = asyncgen("remove-workflow", "Checkout", "--json")
    assert json.loads(ran.out) == {"workflow": "checkout", "files": [FILE, TEST], "dry_run": False}
    assert tree(tasks) == before
    ran = asyncgen("remove-workflow", "checkout")
    assert ran.err == "asyncgen: expected a workflow of this service, got: checkout; its workflows are none\n"


@pytest.mark.parametrize(
    "line",
    ["from ..tasks.step9 import step9", "from ..tasks import step9", "from shop.tasks.step9 import step9 as other"],
)
def test_a_task_that_a_workflow_uses_is_not_removed(tasks: Path, line: str) -> None:
    (tasks / "src/shop/workflows/mine.py").write_text(f"{line}\n")
    for force in ([], ["--force"]):
        ran = asyncgen("remove-task", "step9", *force)
        assert ran.code == 2
        assert ran.err == (
            "asyncgen: expected a task that no workflow uses, got: step9, a step of mine; "
            "run asyncgen remove-workflow mine first\n"
        )
    assert asyncgen("remove-task", "step10").code == 0


def test_a_template_without_workflows_names_the_update(tasks: Path, tmp_path: Path) -> None:
    answers = tasks / ".copier-answers.yml"
    source = next(line for line in answers.read_text().splitlines() if line.startswith("_src_path: "))
    old = tmp_path / "old"
    shutil.copytree(source.partition(": ")[2], old)
    git = ["git", "-C", str(old), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "rm", "-rq", "template/workflow"], check=True)
    task = old / "template/task/src/{{package}}/tasks/{{name}}.py.jinja"
    task.write_text("".join(line for line in task.read_text().splitlines(True) if "rate_limit" not in line))
    subprocess.run([*git, "commit", "-qam", "Older"], check=True)
    commit = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    text = answers.read_text().replace(source, f"_src_path: {old}")
    answers.write_text(
        "".join(f"_commit: {commit}\n" if "_commit:" in line else line for line in text.splitlines(True))
    )
    ran = asyncgen("add-workflow", "checkout", "--chain", "reserve,ship")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.endswith("to hold template/workflow, got: an older one; run asyncgen update\n")
    ran = asyncgen("add-task", "slow_down", "--rate-limit", "10/m")
    assert ran.err == (
        "asyncgen: expected the template version that the project records to know --rate-limit, got: an older one; "
        "run asyncgen update\n"
    )
