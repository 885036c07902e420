"""What a shell offers for the service's command: read from the owner's files, and nothing of them is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.settings import NAME

TASKS = """
raise RuntimeError("imported")

@shared_task(bind=True, work_queue=Queue.SHORT)
def send_invoice(self, invoice_id: int) -> None: ...

@runtime.shared_task
async def send_letter() -> None: ...

@cache
def send_nothing() -> None: ...
"""
QUEUES = """
class Queue(Enum):
    SHORT = QueueClass("short", max_runtime=10)
    LONG = QueueClass(
        name="long",
        max_runtime=300,
    )
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A service's package, with the runtime in it and tasks whose import fails."""
    folder = tmp_path / "shop"
    (folder / "tasks").mkdir(parents=True)
    (folder / "runtime").symlink_to(Path(sys.modules[NAME].__path__[0]))
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text("from .runtime import cli\ncli.main('shop.app')\n")
    (folder / "queues.py").write_text(QUEUES)
    (folder / "tasks" / "invoices.py").write_text(TASKS)
    (folder / "tasks" / "broken.py").write_text("def (")
    return folder


def ran(package: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "shop", *arguments]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.parent), **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shop send send_", ["send_invoice", "send_letter"]),
        ("shop dead list --task ", ["send_invoice", "send_letter"]),
        ("shop dead purge --queue l", ["long"]),
        ("shop worker --queue ", ["short", "long"]),
        ("shop que", ["queues"]),
        ("shop _c", []),
    ],
)
def test_names_are_offered(package: Path, line: str, expected: list[str]) -> None:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = ran(package, _SHOP_COMPLETE="bash_complete", PYTHONPROFILEIMPORTTIME="1", **words)
    assert [offered.partition(",")[2] for offered in done.stdout.split()] == expected
    assert done.returncode == 0
    assert "celery.app" not in done.stderr


@pytest.mark.parametrize(("shell", "rc_file"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_the_script_is_installed_once(package: Path, tmp_path: Path, shell: str, rc_file: str) -> None:
    (tmp_path / rc_file).write_text("mine\n")
    for _ in range(2):
        assert ran(package, "--install-completion", HOME=str(tmp_path), SHELL=f"/bin/{shell}").returncode == 0
    script = tmp_path / f".local/share/shop/completion.{shell}"
    assert (tmp_path / rc_file).read_text() == f"mine\n\nsource '{script}'\n"
    assert script.read_text() == ran(package, "--show-completion", shell).stdout.rstrip("\n") + "\n"


def test_fish_needs_no_line_of_its_own(package: Path, tmp_path: Path) -> None:
    assert ran(package, "--install-completion", "fish", HOME=str(tmp_path)).returncode == 0
    assert "_SHOP_COMPLETE=fish_complete" in (tmp_path / ".config/fish/completions/shop.fish").read_text()


def test_an_unknown_shell_is_one_sentence(package: Path) -> None:
    refused = ran(package, "--show-completion", "ksh")
    assert refused.returncode == 2
    assert "expected a shell of bash, zsh or fish, got: ksh; name it" in refused.stderr
