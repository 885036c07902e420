"""`asyncgen rename-task`: all that uses the task follows, no edit is lost, and what is not certain is named."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncgen.releases import release_commits

from .commands import asyncgen, inside, tree
from .conftest import ROOT

TASK, TEST = "src/shop/tasks/send_invoice.py", "tests/tasks/test_send_invoice.py"
NEW_TASK, NEW_TEST = "src/shop/tasks/bill.py", "tests/tasks/test_bill.py"
STUB, WORKFLOW = "src/shop/tasks/__init__.pyi", "src/shop/workflows/checkout.py"
ALIAS = '    aliases=("shop.tasks.send_invoice.send_invoice",),\n'


def add(name: str) -> None:
    """The task with its workflow, among others."""
    for task, *options in ((name, "--key", "invoice_id"), ("charge",), ("ship",)):
        assert asyncgen("add-task", task, "--arg", "invoice_id:int", *options).code == 0
    assert asyncgen("add-workflow", "checkout", "--chain", f"charge,{name},ship").code == 0


@pytest.fixture(scope="module")
def grown(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with a task that a workflow uses."""
    folder = Path(shutil.copytree(everything, tmp_path_factory.mktemp("grown") / "shop"))
    with inside(folder):
        add("send_invoice")
    return folder


@pytest.fixture
def service(grown: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, as the current folder."""
    with inside(Path(shutil.copytree(grown, tmp_path / "shop"))) as copy:
        yield copy


def without_digests(folder: Path) -> dict[str, str]:
    return {path: re.sub("sha256:.*", "", text.decode(errors="replace")) for path, text in tree(folder).items()}


def complaints(*commands: str) -> list[str]:
    """What the linter says, and each further command."""
    done = [
        subprocess.run([sys.executable, "-m", *command.split()], capture_output=True, text=True, check=False)
        for command in ("ruff format --no-cache --check .", "ruff check --no-cache .", *commands)
    ]
    return [(each.stdout + each.stderr)[-4000:] for each in done if each.returncode]


def edit(path: str, *pairs: tuple[str, str]) -> None:
    text = Path(path).read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after, 1)
    Path(path).write_text(text)


# ---- files as they were rendered ----


def test_its_output(service: Path) -> None:
    before = tree(service)
    ran = asyncgen("rename-task", "SendInvoice", "bill", "--dry-run")
    assert (ran.code, ran.out.partition("\n")[0]) == (0, "Would rename send_invoice to bill:")
    assert tree(service) == before
    Path("contract.yaml").write_text("name: shop.tasks.send_invoice.send_invoice\n")
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Renamed send_invoice to bill:\n"
        f"  {TASK} -> {NEW_TASK}\n  {TEST} -> {NEW_TEST}\n  {STUB}\n  {WORKFLOW}\n"
        "\n"
        "Messages and keys go on calling it shop.tasks.send_invoice.send_invoice, its first alias.\n"
        "contract.yaml has the former name: make test writes it anew.\n"
    )
    ran = asyncgen("rename-task", "bill", "invoice", "--json")
    assert json.loads(ran.out) == {
        "task": "invoice",
        "former": "bill",
        "wire_name": "shop.tasks.send_invoice.send_invoice",
        "files": [
            {"from": NEW_TASK, "to": "src/shop/tasks/invoice.py"},
            {"from": NEW_TEST, "to": "tests/tasks/test_invoice.py"},
        ],
        "edits": [{"file": path, "outcome": "done", "advice": ""} for path in (STUB, WORKFLOW)],
        "contract": "contract.yaml",
        "dry_run": False,
    }


def test_all_is_as_if_the_task_had_been_added_under_the_new_name(
    service: Path, everything: Path, tmp_path: Path
) -> None:
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    with inside(Path(shutil.copytree(everything, tmp_path / "other" / "shop"))) as other:
        add("bill")
    expected = without_digests(other)
    expected[NEW_TASK] = expected[NEW_TASK].replace("    time_limit=30,\n", f"    time_limit=30,\n{ALIAS}")
    # A step's id has the name on the wire: a workflow that broke off goes on where it was.
    steps = "tests/workflows/test_checkout.py"
    expected[steps] = expected[steps].replace('"2.bill"', '"2.send_invoice"')
    assert without_digests(service) == expected
    assert {task["task"]: task["written"] for task in json.loads(asyncgen("tasks", "--json").out)}["bill"] is False
    assert "task_charge == checkout ==> task_bill" in asyncgen("tasks", "--mermaid").out


def test_what_was_unedited_is_removed_without_force_and_what_was_edited_is_not(service: Path, everything: Path) -> None:
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    for command, name in (("workflow", "checkout"), ("task", "bill"), ("task", "charge"), ("task", "ship")):
        ran = asyncgen(f"remove-{command}", name)
        assert (ran.code, ran.err) == (0, "")
    assert tree(service) == tree(everything)


@pytest.mark.parametrize("path", [TASK, TEST])
def test_an_edited_file_stays_an_edited_one(service: Path, path: str) -> None:
    edit(path, ("\nimport", "\n# mine\nimport"))
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    moved = path.replace("send_invoice", "bill")
    assert "# mine\n" in Path(moved).read_text()
    assert asyncgen("remove-workflow", "checkout").code == 0
    assert f"expected {moved} to be as asyncgen add-task made it" in asyncgen("remove-task", "bill").err


def test_names_of_every_length_pass_the_linter(service: Path) -> None:
    """In both directions, over the width that the formatter allows and back."""
    many = [word for number in range(3) for word in ("--arg", f"argument_number_{number}:list[int]")]
    short, long = ("a", "zoo", "b2"), (f"{'x' * 12}_{'y' * 17}", f"a_{'y' * 28}", f"m10_{'z' * 26}")
    assert asyncgen("add-task", "same", *many, "--expected", "90").code == 0
    for name in short:
        assert asyncgen("add-task", name, *many).code == 0
    assert asyncgen("add-workflow", "each", "--chord", f"{','.join(short)}:same").code == 0
    for old, new in (*zip(short, long, strict=True), *itertools.pairwise([*long[:1], "renamed"])):
        assert asyncgen("rename-task", old, new).code == 0
    assert complaints() == []
    for name in ("renamed", *long[1:]):
        assert Path(f"src/shop/tasks/{name}.py").read_text().count("aliases=(") == 1


def test_line_ends_and_the_mode_stay(service: Path) -> None:
    for path in (TASK, TEST, WORKFLOW):
        Path(path).write_bytes(Path(path).read_bytes().replace(b"\n", b"\r\n"))
    Path(TASK).chmod(0o755)
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    assert Path(NEW_TASK).stat().st_mode & 0o111
    for path in (NEW_TASK, NEW_TEST, WORKFLOW):
        content = Path(path).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 10
        assert b"send_invoice" not in content.replace(b"shop.tasks.send_invoice.send_invoice", b"")
    assert asyncgen("remove-workflow", "checkout").code == 0
    assert asyncgen("remove-task", "bill").code == 0


# ---- the name on the wire ----


def test_each_rename_adds_an_alias_and_the_first_one_stays_the_first(service: Path) -> None:
    def aliases(name: str) -> list[str]:
        return re.findall(r'"shop\.tasks\.(\w+)\.\1"', Path(f"src/shop/tasks/{name}.py").read_text())

    for old, new in itertools.pairwise(["send_invoice", "bill", "invoice", "bill", "send_invoice"]):
        assert asyncgen("rename-task", old, new).code == 0
        assert aliases(new)[0] == "send_invoice"
    assert aliases("send_invoice") == ["send_invoice", "invoice", "bill"]
    assert complaints() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('aliases=("a.b",),', 'aliases=("a.b", "shop.tasks.send_invoice.send_invoice"),'),
        (
            f'aliases=("a.{"b" * 80}",),',
            f'aliases=(\n        "a.{"b" * 80}",\n        "shop.tasks.send_invoice.send_invoice",\n    ),',
        ),
        (
            'aliases=(\n        "a.b",  # of 2024\n    ),',
            'aliases=(\n        "a.b",  # of 2024\n        "shop.tasks.send_invoice.send_invoice",\n    ),',
        ),
        (
            'aliases=(\n        "a.b",\n        "c.d"  # of 2024\n    ),',
            'aliases=(\n        "a.b",\n        "c.d",  # of 2024\n'
            '        "shop.tasks.send_invoice.send_invoice",\n    ),',
        ),
        ('name="shop.invoice",', 'name="shop.invoice",'),
        ("rate_limit=None,  # mine", f"rate_limit=None,  # mine\n{ALIAS.rstrip()}"),
        ("rate_limit=None  # mine", f"rate_limit=None,  # mine\n{ALIAS.rstrip()}"),
    ],
)
def test_the_options_are_edited_as_a_person_would(service: Path, before: str, after: str) -> None:
    edit(TASK, ("    time_limit=30,\n", f"    time_limit=30,\n    {before}\n"))
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert ran.code == 0, ran.err
    assert f"    time_limit=30,\n    {after}\n)\ndef bill(" in Path(NEW_TASK).read_text()
    wire = "shop.invoice" if before.startswith("name=") else "a." if "a.b" in before else "shop.tasks.send_invoice."
    assert f"go on calling it {wire}" in ran.out
    assert ("the name in its options" in ran.out) == before.startswith("name=")


def test_every_task_of_the_file_keeps_its_name(service: Path) -> None:
    edit(
        TASK,
        ("def work(", "@shared_task(base=ServiceTask, work_queue=Queue.BULK)\ndef other(\n    x: int,\n) -> None: ..."
         "\n\n\n@shared_task\ndef bare() -> None: ...\n\n\ndef work("),
    )  # fmt: skip
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    text = Path(NEW_TASK).read_text()
    assert ALIAS in text
    assert (
        '@shared_task(base=ServiceTask, work_queue=Queue.BULK, aliases=("shop.tasks.send_invoice.other",))\ndef other('
    ) in text
    assert '@shared_task(aliases=("shop.tasks.send_invoice.bare",))\ndef bare(' in text


# ---- the owner's files ----

USES = {
    "an import of the task": "from .tasks.@ import @\n",
    "of the module": "from .tasks import @\n\n@.work, @.delay\n",
    "absolute": "from shop.tasks.@ import work\n",
    "under another name": "import shop.tasks.@ as module\nfrom shop.tasks import @ as task\n\nmodule.@, task\n",
    "in full": "import shop.tasks.@\n\nshop.tasks.@.@.delay(1)\n",
    "of the package": "from . import tasks\n\nt = tasks\nt.@.delay(1), tasks.@.@.si(1)\n",
    "in a function": "def f():\n    from .tasks import @\n\n    return [@ for _ in (1,)], lambda: @, (x := @)\n",
    "an argument of that name": (
        "from .tasks import @\n\n\ndef f(send_invoice, order):\n"
        '    """send_invoice"""\n    order.send_invoice(send_invoice=send_invoice)  # send_invoice\n'
        '    return {"send_invoice": [send_invoice for send_invoice in ()]}\n\n\n@()\n'
    ),
    "an attribute of that name": (
        "from .tasks import @\n\n\nclass C:\n    send_invoice = 1\n    x = send_invoice\n\n"
        "    def m(self):\n        return @, self.send_invoice\n"
    ),
    "a function of that name": "def send_invoice(): ...\n\n\nsend_invoice()\n",
    "the new name is an argument elsewhere": "from .tasks import @\n\n\ndef f(bill):\n    bill\n\n\n@.delay(1)\n",
    "names by which it is looked up": (
        'from . import tasks\n\ngetattr(tasks, "@"), getattr(tasks.@, "work"), getattr(1, "send_invoice")\n'
    ),
    "the name on the wire": 'from .app import app\n\napp.send_task("shop.tasks.send_invoice.send_invoice", (1,))\n',
    "beside letters of many bytes": 'from .tasks import @\n\n"äöü", @, f"{@.name} ä {@!r}"\n',
    "in lines of their own": "from .tasks import (\n    charge,\n    @,  # mine\n)\n",
    "a pattern": "from .tasks import @\n\nmatch @:\n    case int(real=send):\n        @.delay(send)\n",
    "a default": "from .tasks import @\n\n\ndef f(send_invoice=@, *, x: int = @):\n    send_invoice\n",
}  # fmt: skip
"""Files of an owner's, with @ for the task's name."""


@pytest.mark.parametrize("what", USES)
def test_what_is_certain_follows(service: Path, what: str) -> None:
    Path("src/shop/api.py").write_text(USES[what].replace("@", "send_invoice"))
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert (ran.code, ran.err) == (0, "")
    assert Path("src/shop/api.py").read_text() == USES[what].replace("@", "bill")


TAKEN = {
    "by a name of the module": "\nbill = 1\nsend_invoice.delay(bill)\n",
    "by an argument where the task is used": "\n\ndef f(bill):\n    send_invoice.delay(bill)\n",
    "by a name from elsewhere": "from os import *\n\nsend_invoice.delay(bill)\n",
    "by what may be something else": "\nif x:\n    send_invoice = None\n",
    "by a global name of a function": "\n\ndef f():\n    global send_invoice\n    send_invoice.delay(1)\n",
}


@pytest.mark.parametrize("what", TAKEN)
def test_where_the_new_name_is_taken_the_old_one_stays_in_the_file(service: Path, what: str) -> None:
    Path("src/shop/api.py").write_text(f"from .tasks import charge, send_invoice\n{TAKEN[what]}")
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    imports = "from .tasks import bill as send_invoice\nfrom .tasks import charge\n"
    assert Path("src/shop/api.py").read_text() == f"{imports}{TAKEN[what]}"


def test_a_statement_that_nobody_formats_like_that_is_named(service: Path) -> None:
    Path("src/shop/api.py").write_text("from .tasks  .  send_invoice import work\n")
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert ran.code == 1
    assert ran.out.endswith("\nsrc/shop/api.py:1: tasks.send_invoice -> tasks.bill\n")


def test_the_order_of_imports_and_public_names_stays(service: Path) -> None:
    Path("src/shop/api.py").write_text(
        "from .tasks import charge, send_invoice, ship\nfrom .tasks.charge import work\n"
        'from .tasks.send_invoice import send_invoice as other\n\n__all__ = ["charge", "send_invoice", "work"]\n'
    )
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    assert Path("src/shop/api.py").read_text() == (
        "from .tasks import bill, charge, ship\nfrom .tasks.bill import bill as other\n"
        'from .tasks.charge import work\n\n__all__ = ["bill", "charge", "work"]\n'
    )


def test_what_passes_the_task_on_and_who_gets_it_from_there_follow_together(service: Path) -> None:
    Path("src/shop/api.py").write_text("from .tasks import send_invoice as send_invoice\n")
    web = "from . import api\nfrom .api import send_invoice\n\napi.send_invoice, send_invoice\n"
    Path("src/shop/web.py").write_text(web)
    Path("tests/test_web.py").write_text(
        "from shop import api, web\n\n\ndef test(monkeypatch):\n"
        '    monkeypatch.setattr(web, "send_invoice", 1)\n    monkeypatch.setattr(api.send_invoice, "work", 1)\n'
    )
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    assert Path("src/shop/api.py").read_text() == "from .tasks import bill as bill\n"
    assert Path("src/shop/web.py").read_text() == web.replace("send_invoice", "bill")
    assert '(web, "bill", 1)\n    monkeypatch.setattr(api.bill, "work", 1)' in Path("tests/test_web.py").read_text()


UNCERTAIN = {
    "a text that is patched": (
        'patch("shop.tasks.send_invoice.work")\n',
        "1: shop.tasks.send_invoice.work -> shop.tasks.bill.work, if it names the code and not the message",
    ),
    "a module that passes it on": (
        'from .tasks import send_invoice\n\npatch("shop.api.send_invoice")\n',
        "3: shop.api.send_invoice -> shop.api.bill, if it names the code and not the message",
    ),
    "code in a text": (
        'run("""\nfrom shop.tasks import charge, send_invoice\n""")\n',
        "1: shop.tasks import charge, send_invoice -> shop.tasks import charge, bill",
    ),
    "an import by a computed name": (
        'import importlib\n\nimportlib.import_module(f"shop.tasks.{1}")\n',
        "3: see whether it imports send_invoice, which is bill now",
    ),
    "an import of everything": (
        "from .tasks.send_invoice import *\n\nsend_invoice\n",
        "1: name what it imports: send_invoice is bill now",
    ),
}


@pytest.mark.parametrize("what", UNCERTAIN)
def test_what_is_not_certain_is_named_with_its_line(service: Path, what: str) -> None:
    text, advice = UNCERTAIN[what]
    Path("src/shop/api.py").write_text(text)
    ran = asyncgen("rename-task", "send_invoice", "bill", "--json")
    assert ran.code == 1
    edits = [edit for edit in json.loads(ran.out)["edits"] if edit["outcome"] == "unable"]
    assert edits == [{"file": "src/shop/api.py", "outcome": "unable", "advice": f"src/shop/api.py:{advice}"}]
    assert Path(NEW_TASK).is_file()


def test_configuration_that_names_the_file_is_named(service: Path) -> None:
    path = Path("pyproject.toml")
    path.write_text(f'{path.read_text()}\n[tool.mine]\nfiles = ["{TASK}"]\nname = "shop.tasks.send_invoice"\n')
    lines = path.read_text().splitlines()
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert ran.code == 1
    assert f"pyproject.toml:{len(lines) - 1}: tasks/send_invoice.py is of the former name\n" in ran.out
    assert f"pyproject.toml:{len(lines)}: shop.tasks.send_invoice is of the former name\n" in ran.out


@pytest.mark.parametrize("types", [[], pytest.param(["mypy"], marks=pytest.mark.slow)], ids=str)
def test_a_service_of_edited_files_passes_its_own_lint_and_its_tests(service: Path, types: list[str]) -> None:
    edit(
        TASK,
        ("import logging\n", "import logging\nimport random\n"),
        (
            "    logger.info(",
            "    if random.random() > 2:\n        send_invoice.delay(invoice_id)\n    logger.warning(",
        ),
    )
    edit(
        TEST,
        ("# Yours: assert the effect", "send_invoice = module.send_invoice\n    assert send_invoice is TASK\n    #"),
    )
    edit(
        WORKFLOW,
        ("    logger.error(", "    send_invoice.delay(1)\n    logger.error("),
    )
    Path("src/shop/api.py").write_text(
        '"""Mine."""\n\nfrom .tasks import send_invoice, ship\nfrom .tasks.charge import charge\n\n'
        '__all__ = ["send_invoice", "ship", "start"]\n\n\ndef start(bill: int) -> None:\n    """Publish."""\n'
        "    charge.delay(bill)\n    send_invoice.delay(bill)\n"
    )
    assert complaints() == []
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    assert complaints(*types) == []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/tasks/test_bill.py", "tests/test_tasks.py"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


# ---- what is refused ----


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("invoice", "bill"), "expected a task of this service, got: invoice; its tasks are charge, send_invoice, se"),
        (("send_invoice", "charge"), "expected the task's name to be free, got: charge, a task of this service"),
        (("send_invoice", "checkout"), "expected the task's name to be free, got: checkout, a workflow of this ser"),
        (("send_invoice", "queues"), "expected the task's name to be free, got: queues, which is a module of this"),
        (("send_invoice", "class"), "expected the task's name to be free, got: class, which is a Python keyword"),
        (("send_invoice", "2nd"), "expected the task's name to be letters, digits and _ that begin with a letter"),
        (("send_invoice", "SendInvoice"), "expected another name for send_invoice, got: the one that it has"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(service: Path, names: tuple[str, str], sentence: str) -> None:
    before = tree(service)
    ran = asyncgen("rename-task", *names)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"asyncgen: {sentence}")
    assert tree(service) == before


@pytest.mark.parametrize(
    ("path", "edits", "sentence"),
    [
        (TASK, [("def send_invoice(", "def invoice(")], f"{TASK} to define the task send_invoice, got: the task inv"),
        (TASK, [("@shared_task", "@other")], f"{TASK} to define the task send_invoice, got: no task; give"),
        (TASK, [("def work(", "def bill(): ...\n\n\ndef work(")], f"bill to be free in {TASK}, got: another use of"),
        (TASK, [("    time_limit=30,", "    aliases=NAMES,")], "aliases of send_invoice to be a tuple of names wr"),
        (TASK, [("def work(", "def work(:")], f"{TASK} to be Python, got: invalid syntax in line"),
        (WORKFLOW, [("def start(", "def start(:")], f"{WORKFLOW} to be Python, got: "),
        ("src/shop/tasks/charge.py", [("    time_limit=30,", '    aliases=("shop.tasks.bill.bill",),')],
         "the task's name to be free, got: bill, a former name of charge; take another name"),
        ("src/shop/runtime/task.py", [("aliases: ", "others: ")], "a service whose runtime knows the former names of"),
    ],
)  # fmt: skip
def test_a_state_in_which_it_would_break_something_is_refused(
    service: Path, path: str, edits: list[tuple[str, str]], sentence: str
) -> None:
    edit(path, *edits)
    before = tree(service)
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"asyncgen: expected {sentence}")
    assert tree(service) == before


def test_a_test_of_the_new_name_is_not_overwritten(service: Path) -> None:
    Path(NEW_TEST).write_text("mine\n")
    before = tree(service)
    ran = asyncgen("rename-task", "send_invoice", "bill")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"asyncgen: expected {NEW_TEST} to be free, got: a file that is there already")
    assert tree(service) == before


def test_a_broken_file_that_does_not_name_the_task_is_no_hindrance(service: Path) -> None:
    Path("src/shop/broken.py").write_text("def (\n")
    (service / "other").mkdir()
    Path("other/pyproject.toml").write_text("")
    Path("other/client.py").write_text("def (send_invoice\n")
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0


def test_what_a_task_was_called_is_no_name_for_a_new_one(service: Path) -> None:
    assert asyncgen("rename-task", "send_invoice", "bill").code == 0
    for arguments in (["send_invoice"], ["--from", "-"]):
        ran = asyncgen("add-task", *arguments, stdin="send_invoice: {}\n")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == (
            "asyncgen: expected the task's name to be free, got: send_invoice, a former name of bill; "
            "take another name\n"
        )


# ---- files of earlier releases ----


def test_records_of_an_earlier_release_stay_records_of_what_is_unedited(tmp_path: Path) -> None:
    with inside(tmp_path):
        commit = release_commits(ROOT)["0.2.1"]
        asyncgen("new", "shop", "--defaults", "--template", str(ROOT), "--ref", commit)
    with inside(tmp_path / "shop") as service:
        before = tree(service)
        add("send_invoice")
        ran = asyncgen("rename-task", "send_invoice", "bill")
        assert ran.err.endswith("; run asyncgen update\n")
        runtime = Path("src/shop/runtime/task.py")
        runtime.parent.mkdir()
        runtime.write_text("class ServiceTask:\n    aliases: tuple[str, ...] = ()\n")
        edit("tests/tasks/test_charge.py", ("import pytest", "import pytest  # mine"))
        for old, new in (("send_invoice", "bill"), ("charge", "pay")):
            assert asyncgen("rename-task", old, new).code == 0
        shutil.rmtree(runtime.parent)
        assert asyncgen("remove-workflow", "checkout").code == 0
        assert "expected tests/tasks/test_pay.py to be as asyncgen add-task" in asyncgen("remove-task", "pay").err
        assert asyncgen("remove-task", "pay", "--force").code == 0
        for name in ("bill", "ship"):
            assert asyncgen("remove-task", name).code == 0
        assert tree(service) == before
