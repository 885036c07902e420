"""A service's demo and tests on servers that the environment names: they say so, and leave what was there as it was."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kombu import Connection
from redis import Redis

from runtime.testing.servers import Unavailable, rabbitmq, redis
from tests.postgresql import database

from .commands import asyncgen

Service = Callable[..., tuple[Path, dict[str, str]]]
QUEUES = "from {0}.app import app; import json; print(json.dumps([q.wire_name for q in app.service.queues]))"

pytestmark = pytest.mark.xdist_group("rabbitmq")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of a Redis, a RabbitMQ and a PostgreSQL that hold something of others."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis.started(folder))
        try:
            rabbitmq_url = stack.enter_context(rabbitmq.started(folder))
        except Unavailable as unavailable:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(unavailable))
        if not (postgresql_url := stack.enter_context(database())):
            pytest.skip("no PostgreSQL answers; set ASYNCGEN_POSTGRESQL_URL")
        with Redis.from_url(redis_url) as client:
            client.set("others", "1")
        with Connection(rabbitmq_url) as connection:
            channel: Any = connection.default_channel
            channel.queue_declare("others", durable=True, auto_delete=False)
        with psycopg.connect(postgresql_url) as connected:
            connected.execute("CREATE TABLE others (id int)")
        yield {"redis": redis_url, "rabbitmq": rabbitmq_url, "postgresql": postgresql_url, "log": str(folder)}


@pytest.fixture
def service(servers: dict[str, str], template: Path, tmp_path: Path) -> Service:
    """Makes a service with this broker and this store, and the environment that names its servers."""

    def make(broker: str, store: str) -> tuple[Path, dict[str, str]]:
        options = ("--broker", broker, "--idempotency-store", store, "--results", store)
        asyncgen("new", "orders", "--defaults", "--no-git", *options, "--template", template, cwd=tmp_path)
        kept = {"redis": f"{servers['redis']}/1", "postgresql": servers["postgresql"]}[store]
        urls = {"ORDERS_BROKER_URL": {"redis": f"{servers['redis']}/0"}.get(broker, servers["rabbitmq"])}
        urls |= {
            "ORDERS_IDEMPOTENCY_URL": kept,
            "ORDERS_RESULT_URL": kept.replace("postgresql:", "postgresql+psycopg:"),
        }
        return tmp_path / "orders", {**os.environ, **urls, "PYTHONPATH": "src", "CI": "true"}

    return make


def held(servers: dict[str, str]) -> dict[str, Any]:
    """The names of all that is on the servers."""
    with Redis.from_url(servers["redis"], decode_responses=True) as client:
        keys: Any = client.config_get("databases")
        found: dict[str, Any] = {}
        for number in range(int(keys["databases"])):
            client.execute_command("SELECT", number)
            found[f"redis {number}"] = sorted(client.scan_iter())
    with psycopg.connect(servers["postgresql"]) as connected:
        found["schemas"] = sorted(connected.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(demo|test)_'"))
        here = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        found["tables"] = sorted(connected.execute(here))
    found["rabbitmq"] = [exchanges_and_queues(Path(servers["log"]), kind) for kind in ("queues", "exchanges")]
    return found


def exchanges_and_queues(folder: Path, kind: str) -> list[str]:
    """What RabbitMQ lists, through the command that comes with it."""
    (home,) = folder.glob("rabbitmq")
    node = next(home.glob("data/*@localhost")).name
    control = Path(rabbitmq._binary() or "").with_name("rabbitmqctl")
    command = [str(control), "-q", "-n", node, f"list_{kind}", "name"]
    env = {**os.environ, "HOME": str(home), "RABBITMQ_CONF_ENV_FILE": str(home / "env.conf")}
    listed = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True).stdout
    return sorted(listed.splitlines())


def run(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.long
@pytest.mark.parametrize(
    ("broker", "store"), [pytest.param("redis", "redis", marks=pytest.mark.slow), ("rabbitmq", "postgresql")]
)
def test_the_demo_and_the_tests_leave_the_servers_as_they_were(
    broker: str, store: str, service: Service, servers: dict[str, str]
) -> None:
    project, env = service(broker, store)
    before = held(servers)
    shown = run("-m", "orders.runtime.testing.demo", cwd=project, env=env)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("\nok") == 3
    assert shown.stderr.count("which the environment names; names of its own, deleted at the end") == 3
    assert "SQLite" not in shown.stderr
    assert held(servers) == before
    tested = run("-m", "pytest", "-p", "no:cacheprovider", cwd=project, env=env)
    assert tested.returncode == 0, tested.stdout
    assert "tested here: tasks, workflows, the queue table and one kill; the runtime is tested" in tested.stdout
    assert tested.stdout.count("which the environment names; names of its own") == 3
    assert held(servers) == before


@pytest.mark.slow
@pytest.mark.parametrize(("broker", "store"), [("redis", "postgresql"), ("rabbitmq", "redis")])
def test_so_does_a_demo_that_fails_and_it_shows_the_letter_at_once(
    broker: str, store: str, service: Service, servers: dict[str, str]
) -> None:
    project, env = service(broker, store)
    file = project / "src/orders/tasks/send_welcome.py"
    file.write_text(file.read_text() + '    raise LookupError("no such account")\n')
    before = held(servers)
    shown = subprocess.run(
        [sys.executable, "-m", "orders.runtime.testing.demo", "send_welcome"],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,  # it waits 90 s for what does not come
    )
    assert shown.returncode == 1, shown.stderr
    assert "orders.tasks.send_welcome.send_welcome became a dead letter: LookupError: no such account" in shown.stderr
    assert 'raise LookupError("no such account")' in shown.stderr
    assert held(servers) == before


def test_names_without_a_namespace_are_as_ever(service: Service) -> None:
    project, env = service("redis", "redis")
    names = json.loads(run("-c", QUEUES.format("orders"), cwd=project, env=env).stdout)
    assert names == ["orders.default"]
    env["ORDERS_NAMESPACE"] = "blue"
    assert json.loads(run("-c", QUEUES.format("orders"), cwd=project, env=env).stdout) == ["blue.orders.default"]


def test_a_dotenv_file_names_no_server_for_the_demo_but_does_for_a_command(template: Path, tmp_path: Path) -> None:
    options = ("--idempotency-store", "postgresql", "--no-git", "--template", template)
    asyncgen("new", "orders", "--defaults", *options, cwd=tmp_path)
    project = tmp_path / "orders"
    (project / ".env").write_text((project / ".env.example").read_text() + "ORDERS_LOG_LEVEL=LOUD\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("ORDERS_")} | {"PYTHONPATH": "src"}
    refused = run("-m", "orders", "queues", cwd=project, env=env)
    assert refused.returncode == 2
    assert refused.stderr.startswith("orders: expected ORDERS_LOG_LEVEL to be valid")
    env["ORDERS_LOG_LEVEL"] = "INFO"
    assert run("-m", "orders", "queues", cwd=project, env=env).returncode == 0
    env["ORDERS_IDEMPOTENCY_URL"] = f"sqlite:///{tmp_path}/mine"
    shown = run("-m", "orders.runtime.testing.demo", cwd=project, env=env)
    assert shown.returncode == 0, shown.stderr
    assert "ORDERS_BROKER_URL: private: " in shown.stderr
    assert "ORDERS_IDEMPOTENCY_URL: private: a file of SQLite, in place of PostgreSQL" in shown.stderr
    assert not (tmp_path / "mine").exists()
