"""Generated projects pass their own checks, before and after they grow, with real workers on real brokers."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from allpairspy import AllPairs

from tests.docs.pictures import demo

from .commands import asyncgen, run
from .rendering import AXES

BIN = Path(sys.executable).parent
CHOICES = ("broker", "idempotency_store", "results", "queue_layout", "scheduler", "producer", "observe")
"""The questions whose answers a project's own tests can distinguish; the matrix covers the others."""

SHORT: list[tuple[Any, ...]] = [
    ("redis", "redis", "none", "single", False, "none", []),
    ("redis", "postgresql", "redis", "latency", True, "fastapi", ["metrics"]),
    ("rabbitmq", "redis", "postgresql", "priority", False, "django", []),
    ("rabbitmq", "postgresql", "none", "priority", True, "django", ["metrics"]),
]
"""Both brokers with both stores, and every other choice at least once. `make test` runs the first: what the others have
besides runs in `test_own_tables`, `test_named_servers` and `test_producers`."""

EXAMPLES = {
    "none": "",
    "fastapi": "src/my_service/api.py tests/test_api.py",
    "django": "src/my_service/web tests/test_web.py",
}
"""What imports the sample task, and has to go before it."""

PAIRWISE = [tuple(pair) for pair in AllPairs([AXES[axis] for axis in CHOICES])]


def rabbitmq_installed() -> bool:
    places = os.pathsep.join([os.environ["PATH"], "/usr/lib/rabbitmq/bin", "/usr/sbin", "/opt/homebrew/sbin"])
    return shutil.which("rabbitmq-server", path=places) is not None


@pytest.mark.long
@pytest.mark.xdist_group("mypy")
@pytest.mark.parametrize(
    "choice",
    [SHORT[0], *(pytest.param(each, marks=pytest.mark.slow) for each in SHORT[1:])],
    ids=str,
)
def test_a_project_passes_its_own_checks(choice: tuple[Any, ...], template: Path, tmp_path: Path) -> None:
    check(dict(zip(CHOICES, choice, strict=True)), template, tmp_path)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("choice", [pair for pair in PAIRWISE if pair not in SHORT], ids=str)
def test_every_pair_of_choices_passes_its_own_checks(choice: tuple[Any, ...], template: Path, tmp_path: Path) -> None:
    check(dict(zip(CHOICES, choice, strict=True)), template, tmp_path)


def check(answers: dict[str, Any], template: Path, folder: Path) -> None:
    """Make the project, let it grow, run its own suite and demo, and take the sample away."""
    if answers["broker"] == "rabbitmq" and not rabbitmq_installed():
        if os.environ.get("CI"):
            pytest.fail("expected rabbitmq-server to be installed, got: none; install it")
        pytest.skip("no rabbitmq-server is installed")
    data = []
    for name, value in answers.items():
        data += ["-d", f"{name}={','.join(value) if isinstance(value, list) else str(value).lower()}"]
    asyncgen("new", "my-service", "--defaults", "--template", template, *data, cwd=folder)
    project = folder / "my-service"
    asyncgen("add-task", "send_invoice", "--defaults", cwd=project)
    env = environment(answers)
    run("make", "lint", cwd=project, env=env)
    asyncgen("check", ".", cwd=project)
    run("make", "contract", cwd=project, env=env)
    run("make", "test", cwd=project, env=env)
    shown = run("make", "demo", cwd=project, env=env)
    assert results(shown) == results(demo()), shown  # what README's picture shows
    for path in EXAMPLES[answers["producer"]].split():
        run("rm", "-r", path, cwd=project)
    asyncgen("remove-task", "send_welcome", cwd=project)
    run("make", "lint", "contract", cwd=project, env=env)
    run(project / ".venv/bin/python", "-m", "pytest", "tests/tasks", "tests/test_tasks.py", cwd=project, env=env)


def results(shown: str) -> list[str]:
    """The table of a demo."""
    return [line for line in shown.splitlines() if line.startswith(("ok ", "FAIL ", "      what"))]


def environment(answers: dict[str, Any]) -> dict[str, str]:
    """PostgreSQL if there is one, and uv, which installs in seconds."""
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    postgresql = os.environ.get("ASYNCGEN_POSTGRESQL_URL")
    if answers["idempotency_store"] == "postgresql" and postgresql:
        env["MY_SERVICE_IDEMPOTENCY_URL"] = postgresql
    return env


def test_the_demo_needs_no_server(template: Path, tmp_path: Path) -> None:
    """fakeredis takes Redis' place where neither it nor Valkey is on PATH."""
    asyncgen("new", "myservice", "--defaults", "--template", template, cwd=tmp_path)
    path = bare_path(tmp_path / "bin")
    shown = run("make", "demo", cwd=tmp_path / "myservice", env={"PATH": path})
    assert "fakeredis" in shown
    assert shown.count("\nok") == 3, shown


def bare_path(folder: Path) -> str:
    """A PATH with what a machine has that has Python, git and make, and uv to be quick."""
    folder.mkdir()
    for tool in ("sh", "bash", "make", "git", "awk", "touch", "rm", "env", "uname", "dirname", "cat"):
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    (folder / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    (folder / "uv").symlink_to(BIN / "uv")
    return str(folder)


def test_without_rabbitmq_the_demo_says_what_to_do(template: Path, tmp_path: Path) -> None:
    if rabbitmq_installed() and shutil.which("rabbitmq-server", path="/usr/lib/rabbitmq/bin:/usr/sbin"):
        pytest.skip("rabbitmq-server is installed outside PATH, so it cannot be hidden")
    asyncgen("new", "myservice", "--defaults", "--broker", "rabbitmq", "--template", template, cwd=tmp_path)
    with pytest.raises(AssertionError, match="install rabbitmq-server, or start one with `docker compose"):
        run("make", "demo", cwd=tmp_path / "myservice", env={"PATH": bare_path(tmp_path / "bin")})
