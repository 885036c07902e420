"""The examples of web applications that publish: their own tests and types, and a request that a worker does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from runtime.testing.servers import rabbitmq, redis
from runtime.testing.servers.process import STARTED, free_port, serving, until
from tests.postgresql import postgresql

from .commands import run
from .rendering import render

TESTS = {"fastapi": "tests/test_api.py", "django": "tests/test_web.py"}
PYTHON = sys.executable


def project_of(producer: str, broker: str, store: str, folder: Path) -> Path:
    names = {"service_name": "My Shop", "package": "my_shop"}
    return render(folder, {**names, "producer": producer, "broker": broker, "idempotency_store": store})


@pytest.mark.parametrize(
    ("producer", "store"),
    [
        ("fastapi", "redis"),
        ("django", "postgresql"),
        pytest.param("fastapi", "postgresql", marks=pytest.mark.slow),
        pytest.param("django", "redis", marks=pytest.mark.slow),
    ],
)
def test_an_example_passes_its_own_tests_and_checks(producer: str, store: str, tmp_path: Path) -> None:
    project = project_of(producer, "redis", store, tmp_path / "shop")
    run(PYTHON, "-m", "mypy", cwd=project)
    run(PYTHON, "-W", "error::RuntimeWarning", "-m", "pytest", TESTS[producer], cwd=project, env={"PYTHONPATH": "src"})


@contextmanager
def served(broker: str, store: str, folder: Path) -> Iterator[tuple[httpx2.Client, Path, dict[str, str]]]:
    """A service of FastAPI with its worker, on servers of its own: its client, its folder and its environment."""
    project = project_of("fastapi", broker, store, folder / "shop")
    with ExitStack() as stack:
        server = stack.enter_context({"redis": redis, "rabbitmq": rabbitmq}[broker].started(folder))
        kept = stack.enter_context(postgresql()) if store == "postgresql" else f"{server}/1"
        urls = {"MY_SHOP_BROKER_URL": f"{server}/0" if broker == "redis" else server, "MY_SHOP_IDEMPOTENCY_URL": kept}
        env = {**os.environ, **urls, "PYTHONPATH": str(project / "src")}
        commands = ["worker"]
        if store == "postgresql":
            run(PYTHON, "-m", "my_shop", "migrate", cwd=project, env=env)
            commands.append("relay")
        for command in commands:
            process = subprocess.Popen([PYTHON, "-m", "my_shop", command], cwd=project, env=env)
            stack.callback(process.wait)
            stack.callback(process.kill)
        port = free_port()
        uvicorn = [PYTHON, "-m", "uvicorn", "my_shop.api:api", "--port", str(port)]
        stack.enter_context(serving(uvicorn, port, folder / "api.log", env))
        yield stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)), project, env


@pytest.mark.parametrize(
    ("broker", "store"), [("redis", "redis"), pytest.param("rabbitmq", "postgresql", marks=pytest.mark.slow)]
)
def test_a_request_is_done_by_a_worker_and_a_broker_that_is_gone_is_said(
    broker: str, store: str, tmp_path: Path
) -> None:
    with served(broker, store, tmp_path) as (http, project, env):
        OpenAPIV31SpecValidator(http.get("/openapi.json").json()).validate()
        request: Any = {"json": {"user_id": 1}, "headers": {"Idempotency-Key": "first"}}
        places = {http.post("/welcomes", **request).headers["Location"] for _ in range(2)}
        assert places == {"/welcomes/first"}
        until(lambda: http.get("/welcomes/first").json()["state"] == "done")
        told = json.loads(run(PYTHON, "-m", "my_shop", "status", "first", "--json", cwd=project, env=env))
        assert [row["state"] for row in told] == ["done"]
        next(each for each in STARTED if each.port == urlsplit(env["MY_SHOP_BROKER_URL"]).port).kill()
        began = time.monotonic()
        gone = http.post("/welcomes", json={"user_id": 2})
        if store == "postgresql":
            assert gone.status_code == 202, "the outbox has it"
        else:
            assert (gone.status_code, "Retry-After" in gone.headers) == (503, True)
        assert time.monotonic() - began < 3.5
