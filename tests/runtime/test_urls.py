"""URLs of servers: each mistake is one line and exit code 2, with the variable's name, an example, and no password."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import ConfigurationError
from runtime.app import _result_backend
from runtime.settings import Settings
from runtime.urls import masked

from .conftest import SOURCE
from .forks import forks

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BROKER, STORE, RESULT = "RUNTIME_BROKER_URL", "RUNTIME_IDEMPOTENCY_URL", "RUNTIME_RESULT_URL"
REDIS = "redis://127.0.0.1:6379/0"
BREAKER = """
from {runtime} import ServiceTask, shared_task
from ..queues import Queue

@shared_task(base=ServiceTask, bind=True, work_queue=Queue.DEFAULT, idempotency="lease", breaker="payments",
             soft_time_limit=5, time_limit=10)
def pay(self: ServiceTask) -> None: ...
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a service that is made for Redis, whose tasks name a breaker."""
    folder = tmp_path_factory.mktemp("service")
    package = shutil.copytree(SOURCE / "runtime", folder / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__main__.py").write_text('from .cli import main\nmain("orders.app")\n')
    package = folder / "orders"
    (package / "tasks").mkdir(parents=True)
    (package / "workflows").mkdir()
    for file, text in {
        "__init__.py": "",
        "workflows/__init__.py": "",
        "tasks/__init__.py": "",
        "tasks/pay.py": BREAKER.format(runtime="runtime"),
        "queues.py": "from enum import Enum\n\nfrom runtime import QueueClass\n\n\n"
        'class Queue(Enum):\n    DEFAULT = QueueClass("default", 10)\n',
        "app.py": "from runtime import create_app\nfrom runtime.breaker import CircuitBreakers\n"
        "from runtime.brokers.redis import RedisBroker\nfrom runtime.idempotency.redis import RedisStore\n\n"
        "from .queues import Queue\n\n"
        "app = create_app(queues=Queue, broker=RedisBroker, store=RedisStore, breaker=CircuitBreakers,\n"
        '                 tasks="orders.tasks", workflows="orders.workflows")\n',
    }.items():
        (package / file).write_text(text)
    return folder


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs the service's command."""
    with forks("runtime", "celery.bin.celery", "kombu.transport.redis", "pydantic_settings", "structlog") as started:
        yield started.run


def one_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The error of a command that could not begin."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("runtime: expected ")
    for word in words:
        assert word in done.stderr


WRONG = [
    (BROKER, "amqp://guest:secret@127.0.0.1:5672//", "begin with redis:// or rediss://", REDIS[:8]),
    (BROKER, "redis//127.0.0.1:6379", "begin with redis://", "redis://HOST:6379/0"),
    (BROKER, "redis://", "name a host and a port, which are never guessed", "redis://HOST:6379/0"),
    (BROKER, "redis://:6379/0", "name a host and a port", "redis://HOST:6379/0"),
    (BROKER, "redis://127.0.0.1/0", "name a host and a port", "redis://HOST:6379/0"),
    (BROKER, "redis://127.0.0.1:6379/orders", "name its database by a number", "redis://HOST:6379/0"),
    (BROKER, "reds://127.0.0.1:6379/0", "begin with redis://", "redis://HOST:6379/0"),
    (BROKER, "nonsense", "begin with redis://", "redis://HOST:6379/0"),
    (BROKER, "127.0.0.1:6379", "begin with redis://", "redis://HOST:6379/0"),
    (BROKER, f"{REDIS};redis://127.0.0.1", "name a host and a port", "redis://HOST:6379/0"),
    (BROKER, "redis://u:secret/more@127.0.0.1:6379/0", "have the special characters", "redis://HOST:6379/0"),
    (BROKER, f"{REDIS} ", "have no white space", "redis://HOST:6379/0"),
    (STORE, "postgresql://u:secret@127.0.0.1:5432/orders", "begin with redis://", "redis://HOST:6379/0"),
    (STORE, "sqlite:///store", "begin with redis://", "redis://HOST:6379/0"),
    (STORE, "nonsense", "begin with redis://", "redis://HOST:6379/0"),
    (STORE, "sentinel://127.0.0.1:26379", "begin with redis://", "redis://HOST:6379/0"),
    (STORE, "redis://u:secret@", "name a host and a port", "redis://HOST:6379/0"),
    (RESULT, "mongodb://u:secret@127.0.0.1:27017/orders", "begin with redis://", "redis://HOST:6379/0"),
    (RESULT, "postgresql://127.0.0.1/orders", "name a host and a port", "postgresql://USER:PASSWORD@HOST:5432/"),
    (RESULT, "postgresql://127.0.0.1:5432", "name a database", "postgresql://USER:PASSWORD@HOST:5432/DATABASE"),
]


@pytest.mark.parametrize(("variable", "url", "fault", "example"), WRONG)
def test_a_wrong_url_is_one_line(run: Run, service: Path, variable: str, url: str, fault: str, example: str) -> None:
    done = run(service, "doctor", **{BROKER: REDIS, STORE: REDIS, variable: url})
    one_line(done, f"expected {variable} to {fault}", f"such as {example}", "; correct the variable\n")
    assert "secret" not in done.stderr


@pytest.mark.parametrize("command", [("worker",), ("send", "pay"), ("queues",), ("dead", "list"), ("beat",)])
def test_so_it_is_for_every_command(run: Run, service: Path, command: tuple[str, ...]) -> None:
    one_line(run(service, *command, RUNTIME_BROKER_URL="reds://h:1", RUNTIME_IDEMPOTENCY_URL=REDIS), BROKER)


@pytest.mark.parametrize("command", ["migrate", "purge"])
@pytest.mark.parametrize("url", ["postgresql:///", "redis://127.0.0.1:6379/1", "nonsense"])
def test_so_it_is_where_no_application_is_imported(run: Run, service: Path, command: str, url: str) -> None:
    one_line(run(service, command, RUNTIME_IDEMPOTENCY_URL=url), STORE)


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        (BROKER, "rediss://:secret@h:6380/1?ssl_cert_reqs=required"),
        (BROKER, "sentinel://h:26379;sentinel://g:26379"),
        (BROKER, "redis://h:6379/0;redis://[::1]:6379/0"),
        (BROKER, "redis+socket:///run/redis.sock"),
        (BROKER, "amqp://u:p%2Fw@h:5672//"),
        (BROKER, "amqps://u:p@h:5671/vhost"),
        (STORE, "unix:///run/redis.sock?db=1"),
        (STORE, "postgresql+psycopg://u:p@h:5432/orders?options=-csearch_path%3Dx"),
        (STORE, "postgresql://u:p@/orders?host=/cloudsql/one"),
        (STORE, "postgresql://?service=orders"),
        (STORE, "sqlite:////tmp/store"),
        (RESULT, "redis://h:6379"),
    ],
)
def test_a_right_url_is_taken(monkeypatch: pytest.MonkeyPatch, variable: str, url: str) -> None:
    monkeypatch.setenv(variable, url)
    assert getattr(Settings.read(), variable.removeprefix("RUNTIME_").lower()) == url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@h:6379/0", "redis://:**@h:6379/0"),
        ("redis://u:s;ecret@h:6379/0", "redis://u:**@h:6379/0"),
        ("redis://u:secr@et@h", "redis://u:**@h"),
        ("redis://h:6379;redis://u:secret@g:1", "redis://h:6379;redis://u:**@g:1"),
        ("redis//u:secret@h:6379", "redis//u:**@h:6379"),
        ("u:secret@h:6379", "u:**@h:6379"),
        ("redis://u:secret", "redis://u:**"),
        ("redis:/u:secret", "redis:/u:**"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("postgresql://h:5432/d?sslpassword=secret&user=u", "postgresql://h:5432/d?sslpassword=**&user=u"),
        ("nonsense", "nonsense"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_results_in_postgresql_use_the_driver_that_a_service_has(scheme: str) -> None:
    url = "db+postgresql+psycopg://u@h:5432/d"
    assert _result_backend(Settings(result_url=f"{scheme}://u@h:5432/d")) == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            BREAKER.format(runtime="runtime").replace("DEFAULT", "NIGHTLY"),
            ["AttributeError in line 5: ", "NIGHTLY"],
        ),
        ("\nfrom nosuchlibrary import thing\n", ["ModuleNotFoundError in line 2: No module named 'nosuchlibrary'"]),
        ("\nfrom ..queues import Nothing\n", ["ImportError in line 2: cannot import name 'Nothing'"]),
        ("\n\ndef broken(:\n", ["SyntaxError in line 3: invalid syntax"]),
        ("def call() -> None:\n    1 / 0\n\ncall()\n", ["ZeroDivisionError in line 2: division by zero"]),
    ],
    ids=["queue", "library", "name", "syntax", "error"],
)
@pytest.mark.parametrize("command", [("worker",), ("doctor",), ("send", "pay")], ids=str)
def test_a_task_file_that_cannot_be_imported_is_one_line(
    run: Run, service: Path, command: tuple[str, ...], text: str, words: list[str]
) -> None:
    file = service / "orders/tasks/wrong.py"
    file.write_text(text)
    try:
        done = run(service, *command, RUNTIME_BROKER_URL=REDIS, RUNTIME_IDEMPOTENCY_URL=REDIS)
    finally:
        file.unlink()
    one_line(done, "expected orders/tasks/wrong.py to be imported, got: ", *words)
    assert 'correct the line (python -c "import orders.app" shows the traceback)\n' in done.stderr


def test_a_defect_of_the_runtime_keeps_its_traceback(run: Run, service: Path) -> None:
    file = service / "runtime/schedule.py"
    text = file.read_text()
    file.write_text(re.sub(r"def celery_settings\(.*?\n", r"\g<0>    raise KeyError('defect')\n", text, count=1))
    try:
        done = run(service, "doctor", RUNTIME_BROKER_URL=REDIS, RUNTIME_IDEMPOTENCY_URL=REDIS)
    finally:
        file.write_text(text)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert "KeyError: 'defect'" in done.stderr


def test_a_variable_of_the_owner_s_shows_no_password_either(monkeypatch: pytest.MonkeyPatch) -> None:
    kind: Any = type("Own", (Settings,), {"__annotations__": {"api": int}, "api": 1})
    monkeypatch.setenv("RUNTIME_API", "https://u:secret@h")
    with pytest.raises(ConfigurationError, match=r"got: 'https://u:\*\*@h'"):
        kind.read()
