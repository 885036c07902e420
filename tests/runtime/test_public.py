"""The public interface of the runtime: pinned, imported when it is used, and in the package."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import runtime
from tests.template.rendering import ROOT, render

SOURCE = Path(runtime.__file__).parents[1]
BIN = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
PUBLIC = [
    "Busy",
    "CircuitOpen",
    "ConfigurationError",
    "KeyConflict",
    "LeaseLost",
    "MigrationError",
    "PayloadError",
    "PublishError",
    "QueueClass",
    "RetryLater",
    "ServiceError",
    "ServiceTask",
    "Settings",
    "StoreUnavailable",
    "TaskOptionError",
    "TaskStatus",
    "Unconfirmed",
    "Workflow",
    "create_app",
    "publish_many",
    "shared_task",
    "submit",
    "task_status",
]


WITH_CELERY = {
    *("ServiceTask", "TaskStatus", "Unconfirmed", "Workflow"),
    *("create_app", "publish_many", "shared_task", "submit", "task_status"),
}


def imported_by(*arguments: str, source: Path = SOURCE) -> set[str]:
    """The modules that a fresh Python has imported, see the module `imported`."""
    command = [sys.executable, "-m", f"{__package__}.imported", *arguments]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(ROOT)])}
    return set(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split())


def test_the_public_names_are_these() -> None:
    assert runtime.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_there(name: str) -> None:
    found = getattr(runtime, name)
    assert found.__name__ == name
    assert found.__module__.startswith(("runtime.", "celery."))


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="module 'runtime' has no attribute 'chain'"):
        getattr(runtime, "chain")  # noqa: B009  # mypy knows that it is not


def test_a_name_is_imported_when_it_is_used() -> None:
    assert {name for name in imported_by("runtime") if name.startswith("runtime.")} == set()
    without_celery = imported_by(*(f"runtime:{name}" for name in PUBLIC if name not in WITH_CELERY))
    assert "runtime.queues" in without_celery
    assert "celery" not in without_celery
    assert "celery" in imported_by("runtime:shared_task")


@pytest.mark.parametrize("module", ["runtime.cli", "runtime.cli.worker", "runtime.cli.health", "runtime.cli.dead"])
def test_a_command_line_that_needs_no_celery_imports_none(module: str) -> None:
    imported = imported_by(module)
    assert module in imported
    assert not {"celery", "sqlalchemy", "redis"} & imported


def test_an_application_imports_nothing_of_a_worker_and_of_commands(tmp_path: Path) -> None:
    service = render(tmp_path / "myservice", {"service_name": "myservice"})
    imported = imported_by("myservice.app", source=service / "src")
    assert {"myservice.runtime.task", "myservice.tasks.send_welcome", "pydantic"} <= imported
    assert not {"dotenv", "pydantic_settings", "sqlalchemy", "structlog"} & imported
    parts = {name.removeprefix("myservice.runtime.") for name in imported}
    assert not {"brokers.redis.diagnostics", "contract", "diagnostics.redis", "own_settings", "worker"} & parts


def test_it_can_be_imported_where_nothing_forks() -> None:
    """As on Windows, from where tasks are published; what starts workers and draws on terminals is not for there."""
    there = (
        "import billiard.compat, celery.app.trace, os, prometheus_client, random, sqlalchemy, sys"  # which know Windows
    )
    lacking = f"{there}; del os.fork, os.register_at_fork; sys.modules |= dict.fromkeys(['fcntl', 'termios', 'tty'])"
    parts = ("app", "idempotency.sql.database", "idempotency.renewal", "observability.metrics.observer", "cli.top")
    modules = ", ".join(f"runtime.{part}" for part in (*parts, "observability.per_process"))
    code = f"{lacking}; import {modules}; runtime.observability.per_process.PerProcess(list)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(SOURCE)})


@pytest.mark.skipif(shutil.which("uv", path=BIN) is None, reason="expected uv to build a wheel, got: none")
def test_a_service_s_wheel_holds_its_scripts_and_no_tests(tmp_path: Path) -> None:
    service = render(tmp_path / "myservice", {"service_name": "myservice"})
    subprocess.run([shutil.which("uv", path=BIN) or "", "build", "--wheel", "--quiet"], cwd=service, check=True)
    (wheel,) = (service / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix("myservice/runtime/") for name in archive.namelist() if "/runtime/" in name}
        assert "myservice/py.typed" in archive.namelist()
    rendered = service / "src/myservice/runtime"
    scripts = {path.relative_to(rendered).as_posix() for path in rendered.rglob("*.lua")}
    assert scripts >= {"brokers/redis/transport/claim.lua", "idempotency/redis/acquire.lua"}
    assert scripts <= packed
    assert "testing" not in {name.partition("/")[0] for name in packed}


@pytest.mark.parametrize("package", ["brokers.redis.transport", "idempotency.redis"])
def test_scripts_are_read_where_they_lie(package: str) -> None:
    loaded = {value for value in vars(import_module(f"runtime.{package}.scripts")).values() if isinstance(value, str)}
    files = list(SOURCE.joinpath("runtime", *package.split(".")).glob("*.lua"))
    assert len(files) >= 3
    for path in files:
        assert path.read_text() in loaded, path
