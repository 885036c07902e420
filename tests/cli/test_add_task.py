"""`asyncgen add-task`: what it prints and makes; that it writes nothing where it refuses."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pictures import demo
from tests.support import git

ROOT = Path(__file__).parents[2]
TASK, TEST = "src/shop/tasks/send_invoice.py", "tests/tasks/test_send_invoice.py"
STUB = "src/shop/tasks/__init__.pyi"
Asyncgen = Callable[..., Any]


def untracked(folder: Path) -> list[str]:
    return git(folder, "status", "--porcelain", "--untracked-files=all").splitlines()


def answer(folder: Path, old: str, new: str) -> None:
    """Change an answer of the service by hand."""
    path = folder / ".copier-answers.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_its_output(service: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("add-task", "send_invoice")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Added send_invoice:\n"
        f"  {TASK}\n"
        f"  {TEST}\n"
        f"  {STUB}: its line\n"
        "\n"
        "Idempotency  lease, its key: the task's id\n"
        "Payload      invoice_id: int\n"
        "Failure      up to 5 retries on ConnectionError, TimeoutError, at most 31 s of\n"
        "             waiting, then a dead letter\n"
        "Resources    10 s expected, limits of 20 s and 30 s, queue DEFAULT\n"
        "\n"
        "Next: write the work, and what its test asserts; then run make test.\n"
        "\n"
        f"{TASK}:49\n"
        "    47  def work(task: ServiceTask, invoice_id: int) -> None:\n"
        '    48      """The work itself, yours to write: replace this body."""\n'
        '    49      logger.info("send_invoice is not written yet, key %s", task.idemp...\n'
        f"{TEST}:11\n"
        "    11  # Yours: arguments that the work accepts. The data that it reads goes...\n"
        "    17      # Yours: assert the effect that the work has.\n"
    )
    assert ran.out.replace("shop", "myservice") in demo()  # what README's picture shows
    assert untracked(service) == [f"?? {STUB}", f"?? {TASK}", f"?? {TEST}"]


def test_the_task_file(service: Path, asyncgen: Asyncgen) -> None:
    asyncgen("add-task", "send_invoice", "--key", "invoice_id")
    text = (service / TASK).read_text()
    assert (
        "@shared_task(\n"
        "    base=ServiceTask,\n"
        "    bind=True,\n"
        "    work_queue=Queue.DEFAULT,\n"
        '    idempotency="lease",\n'
        '    key=("invoice_id",),\n'
        "    autoretry_for=(ConnectionError, TimeoutError),\n"
        "    retry_backoff=1,\n"
        "    retry_backoff_max=60,\n"
        "    max_retries=5,\n"
        "    soft_time_limit=20,\n"
        "    time_limit=30,\n"
        ")\n"
        "def send_invoice(self: ServiceTask, invoice_id: int) -> None:\n"
        "    work(self, invoice_id)\n"
    ) in text
    commit = yaml.safe_load((service / ".copier-answers.yml").read_text())["_commit"]
    assert text.splitlines()[-1].startswith(f"# asyncgen: {commit} sha256:")


@pytest.mark.parametrize(
    "spelling", ["send_invoice", "SendInvoice", "send-invoice", "sendInvoice", "send_invoice_task"]
)
def test_all_spellings_give_one_name(service: Path, asyncgen: Asyncgen, spelling: str) -> None:
    assert asyncgen("add-task", spelling).code == 0
    assert untracked(service) == [f"?? {STUB}", f"?? {TASK}", f"?? {TEST}"]


def test_json(service: Path, asyncgen: Asyncgen) -> None:
    flags = "--arg ids:list[UUID] --arg at:datetime --key at --expected 200 --max-retries 2"
    flags += " --retry-on smtplib.SMTPException"
    ran = asyncgen("add-task", "send_invoice", *shlex.split(flags), "--json")
    assert json.loads(ran.out) == {
        "task": "send_invoice",
        "files": [TASK, TEST],
        "answers": {
            "idempotency": "lease",
            "arg": ["ids:list[UUID]", "at:datetime"],
            "key": ["at"],
            "retry_on": ["smtplib.SMTPException"],
            "max_retries": 2,
            "expected": 200,
            "bound": "",
            "rate_limit": "",
            "breaker": "",
            "queue": "BULK",
            "every": "",
            "keep_result": "",
        },
        "edits": [{"file": STUB, "outcome": "done", "advice": ""}],
        "dry_run": False,
    }


def test_data_answers_like_the_flags(service: Path, asyncgen: Asyncgen) -> None:
    flags = "--arg a:int --arg b:str --key a,b --max-retries 2 --queue bulk --idempotency lease --expected 5"
    data = "-d arg=a:int,b:str -d key=a,b -d max-retries=2 -d queue=bulk -d idempotency=lease -d expected=5"
    first, second = (
        json.loads(asyncgen("add-task", "do", *shlex.split(options), "--json", "--dry-run").out)
        for options in (flags, data)
    )
    assert first == second


def test_dry_run_writes_nothing(service: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("add-task", "send_invoice", "--dry-run")
    assert ran.out.startswith(f"Would add send_invoice:\n  {TASK}\n  {TEST}\n  {STUB}: its line\n\nIdempotency")
    assert "Next" not in ran.out
    assert untracked(service) == []


def test_a_dirty_tree_and_no_git_are_fine(service: Path, asyncgen: Asyncgen) -> None:
    (service / "README.md").write_text("mine\n")
    assert asyncgen("add-task", "send_invoice").code == 0
    shutil.rmtree(service / ".git")
    assert asyncgen("add-task", "send_letter").code == 0
    assert (service / "README.md").read_text() == "mine\n"


def test_it_works_in_a_folder_of_the_service(
    service: Path, asyncgen: Asyncgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(service / "src" / "shop")
    assert asyncgen("add-task", "send_invoice").code == 0
    assert untracked(service) == [f"?? {STUB}", f"?? {TASK}", f"?? {TEST}"]


def test_the_recorded_version_is_rendered_and_no_other(service: Path, template: Path, asyncgen: Asyncgen) -> None:
    (template / "template/task/src/{{package}}/tasks/{{name}}.py.jinja").write_text("newer\n")
    git(template, "commit", "--quiet", "--all", "--message", "Release 0.2.0")
    assert asyncgen("add-task", "send_invoice").code == 0
    assert "@shared_task" in (service / TASK).read_text()


def test_a_version_out_of_reach_is_refused(service: Path, template: Path, asyncgen: Asyncgen) -> None:
    moved = template.rename(template.with_name("moved"))
    ran = asyncgen("add-task", "send_invoice")
    assert ran.code == 2
    assert ran.err == (
        f"asyncgen: expected the template that the project records to be at {template}, got: no such folder; "
        "name a clone of it with --template\n"
    )
    assert untracked(service) == []
    assert asyncgen("add-task", "send_invoice", "--template", str(moved)).code == 0
    answer(service, "_commit: ", "_commit: aaaaaaa #")
    ran = asyncgen("add-task", "send_letter", "--template", str(moved))
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "to hold copier.yml at aaaaaaa, got: no such commit" in ran.err


def test_a_version_without_the_skeleton_names_the_update(service: Path, template: Path, asyncgen: Asyncgen) -> None:
    git(template, "rm", "-rq", "template/task")
    git(template, "commit", "--quiet", "--message", "Forget tasks")
    answer(service, "_commit: ", f"_commit: {git(template, 'rev-parse', 'HEAD')} #")
    ran = asyncgen("add-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.endswith("; run asyncgen update\n")


def test_the_store_decides_the_default_mode(service: Path, asyncgen: Asyncgen) -> None:
    answer(service, "idempotency_store: redis", "idempotency_store: postgresql")
    assert "Idempotency  transactional" in asyncgen("add-task", "send_invoice").out


def test_no_arguments_can_be_said(service: Path, asyncgen: Asyncgen) -> None:
    assert "Payload      none\n" in asyncgen("add-task", "send_invoice", "--arg", "none").out


def test_a_queue_that_fits_is_chosen(service: Path, asyncgen: Asyncgen) -> None:
    assert "queue BULK" in asyncgen("add-task", "send_invoice", "--expected", "101").out
    path = service / "src/shop/queues.py"
    path.write_text(path.read_text().replace("DEFAULT", "NORMAL"))
    assert "queue CRITICAL" in asyncgen("add-task", "send_letter").out


def test_a_kept_result_is_returned(service: Path, asyncgen: Asyncgen) -> None:
    answer(service, "results: none", "results: redis")
    ran = asyncgen("add-task", "send_invoice", "--keep-result", "a chord sums it up")
    assert "Result       kept: a chord sums it up\n" in ran.out
    text = (service / TASK).read_text()
    assert '    keep_result="a chord sums it up",\n' in text
    assert ") -> dict[str, str]:\n    return work(self, invoice_id)\n" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "expected NAME, or --from FILE with many tasks, got: neither; see asyncgen add-task --help"),
        ("class", "expected the task's name to be free, got: class, which is a Python keyword; use run_class"),
        ("print", "expected the task's name to be free, got: print, which is a Python builtin; use run_print"),
        ("json", "expected the task's name to be free, got: json, which is a module of the standard library; use"),
        (
            "settings",
            "expected the task's name to be free, got: settings, which is a module of this service; use run_se",
        ),
        ("9lives", "expected the task's name to be letters, digits and _ that begin with a letter, got: 9lives; use"),
        (
            "'../../etc'",
            "expected the task's name to be letters, digits and _ that begin with a letter, got: ../../etc",
        ),
        ("'a\nb'", "expected the task's name to be letters, digits and _ that begin with a letter, got: a b"),
        ("größe", "expected the task's name to be letters, digits and _ that begin with a letter, got: größe"),
        (f"send_{'x' * 26}", f"expected the task's name to be at most 30 letters, got: send_{'x' * 26}; use send_xxx"),
        (
            "do --idempotency leese",
            "expected idempotency to be transactional, lease, at-most-once or natural, got: leese",
        ),
        ("do --idempotency transactional", "expected a service that keeps its keys in PostgreSQL, since transactional"),
        ("do --idempotency natural --arg a:int --key a", "expected no key with natural, which keeps none, got: a;"),
        ("do --idempotency at-most-once --max-retries 1", "expected no retries with at-most-once, whose key bars a"),
        ("do --idempotency at-most-once --retry-on OSError", "expected no errors to retry on with at-most-once, got:"),
        ("do --arg id:int", "expected the name of an argument to be free, got: id, which Python, a linter or the task"),
        (
            "do --arg Foo:int",
            "expected the name of an argument to be at most 30 lowercase letters",
        ),
        ("do --arg a", "expected an argument to be NAME:TYPE, got: a; such as a:int"),
        ("do --arg '5 parsecs'", "expected the name of an argument to be at most 30 lowercase letters"),
        ("do --arg class", "expected the name of an argument to be free, got: class, which Python, a linter or the"),
        ("do --arg user:User", "expected the type of user to be int, str, bool, float, UUID, date, datetime, Decimal,"),
        ("do --arg a:int --arg a:str", "expected each argument once, got: a twice"),
        ("do --arg a:int --key b", "expected the key to name arguments of the task, got: b; its arguments are a"),
        ("do --arg a:int --key a,a", "expected the key to name each argument once, got: a,a"),
        ("do --retry-on Exception", "expected errors that pass by themselves to be retried, got: Exception, which hol"),
        ("do --retry-on ConectionError", "expected an error to retry on to be an exception, got: ConectionError; did"),
        (
            "do --retry-on smtplib.SMTPExeption",
            "expected an error to retry on to be an exception, got: smtplib.SMTPExep",
        ),
        ("do --retry-on 'x;y'", "expected an error to retry on to be MODULE.EXCEPTION of at most 80 letters, got: x;y"),
        (
            "do --retry-on do.Error",
            "expected the errors' modules to be named unlike what the task's file defines, got: do",
        ),
        ("do --retry-on Queue.Error", "expected the errors' modules to be named unlike what the task's file defines"),
        (
            "do --retry-on if.Error",
            "expected an error to retry on to be MODULE.EXCEPTION of at most 80 letters, got: if",
        ),
        ("do --max-retries -1", "expected max_retries to be 0 to 100, got: -1"),
        ("do --max-retries many", "invalid value for '--max-retries'"),
        ("do -d expected=soon", "expected expected to be a whole number, got: soon"),
        ("do --expected 0", "expected the expected seconds to be 1 to 86400, got: 0"),
        (
            "do --expected 600",
            "expected the hard limit of a task, 3 times its expected 600 s, to fit the longest run of",
        ),
        ("do --expected 20 --queue critical", "expected the hard limit of a task, 3 times its expected 20 s, to fit"),
        ("do --queue bulc", "expected the queue to be one of CRITICAL, DEFAULT, BULK, got: bulc; did you mean BULK?"),
        ("do --keep-result x", "expected a service that keeps results, got: results none; write the value where its"),
        ("do -d quue=bulk", "expected a question of add-task, got: quue; did you mean queue?"),
    ],
)
def test_bad_input_is_one_sentence(service: Path, asyncgen: Asyncgen, arguments: str, sentence: str) -> None:
    ran = asyncgen("add-task", *shlex.split(arguments))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"asyncgen: {sentence}")
    assert ran.err.count("\n") == 1
    assert untracked(service) == []


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("send_invoice: {arg: [a:int]}\nsend_mail:\nsend_invoice: {arg: [b:int]}\n", "send_invoice again on line 3"),
        ("send_invoice:\n  queue: BULK\n  expected: 5\n  queue: DEFAULT\n", "queue again on line 4"),
        ("send_invoice:\n  max-retries: 1\n  max_retries: 2\n", "max_retries again on line 3"),
        ("- {name: send_invoice}\n- name: send_mail\n  name: send_letter\n", "name again on line 3"),
        ('{"send_invoice": {},\n "send_invoice": {"queue": "BULK"}}', "send_invoice again on line 2"),
    ],
)
def test_a_key_that_stands_twice_is_refused(service: Path, asyncgen: Asyncgen, text: str, twice: str) -> None:
    (service.parent / "tasks.yaml").write_text(text)
    ran = asyncgen("add-task", "--from", "../tasks.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"asyncgen: expected each task and each of its options to stand once, got: {twice}; remove one of the two\n"
    )
    assert untracked(service) == []


def test_a_key_that_overrides_a_merged_one_is_fine(service: Path, asyncgen: Asyncgen) -> None:
    text = "send_invoice: &same {queue: BULK, expected: 5}\nsend_mail: {<<: *same, expected: 6}\n"
    (service.parent / "tasks.yaml").write_text(text)
    ran = asyncgen("add-task", "--from", "../tasks.yaml", "--dry-run", "--json")
    assert [row["answers"]["expected"] for row in json.loads(ran.out)["tasks"]] == [5, 6]


@pytest.mark.parametrize("path", [TASK, TEST])
def test_nothing_is_overwritten(service: Path, asyncgen: Asyncgen, path: str) -> None:
    (service / path).parent.mkdir(parents=True, exist_ok=True)
    (service / path).write_text("mine\n")
    ran = asyncgen("add-task", "send_invoice")
    assert ran.code == 2
    assert ran.err == (
        f"asyncgen: expected {path} to be free, got: a file that is there already; "
        "take another name, or remove it first\n"
    )
    assert untracked(service) == [f"?? {path}"]
    assert (service / path).read_text() == "mine\n"


def test_outside_a_service_it_is_one_sentence(workdir: Path, asyncgen: Asyncgen) -> None:
    ran = asyncgen("add-task", "send_invoice")
    assert ran.code == 2
    assert ran.err == (
        "asyncgen: expected a service made by asyncgen, with its .copier-answers.yml, "
        f"got: none in {workdir} or above; go into one, or make one with asyncgen new\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("package: shop", "package: ../shop", "to be a package's name, got: ../shop; restore it from git"),
        ("package: shop", "package: gone", "/src/gone, got: no such folder; restore it from git"),
        ("_commit: ", "commit: ", "to record _commit, got: nothing; restore it from git"),
        ("package: shop", "package: [", "to be YAML, got: "),
    ],
)
def test_a_broken_answers_file_is_one_sentence(
    service: Path, asyncgen: Asyncgen, old: str, new: str, sentence: str
) -> None:
    answer(service, old, new)
    ran = asyncgen("add-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert sentence in ran.err


@pytest.mark.parametrize("content", ["class Queue:\n    pass\n", "class Queue(\n", "import os\n"])
def test_a_queue_table_that_cannot_be_read_is_one_sentence(service: Path, asyncgen: Asyncgen, content: str) -> None:
    (service / "src/shop/queues.py").write_text(content)
    ran = asyncgen("add-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert ran.err.startswith("asyncgen: expected src/shop/queues.py to hold a class Queue with lines like DEFAULT = ")


def test_a_link_out_of_the_service_is_refused(service: Path, asyncgen: Asyncgen, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    shutil.rmtree(service / "src/shop/tasks")
    (service / "src/shop/tasks").symlink_to(tmp_path / "outside")
    ran = asyncgen("add-task", "send_invoice")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert os.listdir(tmp_path / "outside") == []


def test_it_needs_neither_copier_nor_a_second_git_call_for_each_file(service: Path) -> None:
    code = (
        "import sys; from asyncgen.cli.edge import run; run(['add-task', 'send_invoice']); "
        "sys.exit(' '.join(m for m in ('copier', 'questionary', 'rich') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("\n", 1)


@pytest.mark.parametrize("arguments", [["--help"], ["new", "--help"], ["add-task", "--help"], ["--version"]])
def test_help_loads_neither_copier_nor_jinja2(arguments: list[str]) -> None:
    slow = ("copier", "jinja2", "yaml", "rich", "asyncgen.cli.dialogue")
    code = (
        f"import sys; from asyncgen.cli.edge import run; run({arguments}); "
        f"sys.exit(' '.join(m for m in {slow} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("\n", 1)
