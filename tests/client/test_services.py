"""A client's wheel in an environment of its own, against a rendered service with real workers on both brokers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from kombu import Connection, Queue

from runtime.contract import digest
from runtime.testing.servers import Unavailable, running
from runtime.testing.servers.process import until
from tests.real_redis import require_redis
from tests.rolling.releases import Release, render_release
from tests.runtime.proxy import Proxy
from tests.template.commands import asyncgen, run
from tests.update.installs import BIN

USES = Path(__file__).with_name("uses")
UV = shutil.which("uv", path=f"{BIN}{os.pathsep}{os.environ['PATH']}") or "uv"
SCHEMES = {"redis": "redis", "rabbitmq": "amqp"}
DIRECT = {
    "redis": {"celery", "jsonschema", "kombu", "packaging", "redis"},
    "rabbitmq": {"celery", "jsonschema", "kombu"},
}
ANSWERS = {"idempotency_store": "redis", "queue_layout": "priority"}
APPLICATIONS = ["pytest", "fastapi", "httpx", "django", "nbclient", "ipykernel"]

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("client services")]


@dataclass
class Deployed:
    """A service, and the Python of an environment that has its client, which reaches the broker through `proxy`."""

    broker: str
    release: Release
    python: Path
    proxy: Proxy

    def use(self, name: str, *arguments: str, **variables: str) -> str:
        """Run one of the programs in `uses`, away from this repository; what it prints."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.release.folder),
            "SHOP_BROKER_URL": self.proxy.url,
            "CELERY_BROKER_URL": "memory://",  # of the applications themselves
            **variables,
        }
        return run_clean(self.python, USES / f"{name}.py", *arguments, environ=environ, at=self.release.folder)

    def script(self, *steps: Any, **variables: str) -> list[list[Any]]:
        """What became of each step of `script`."""
        found: list[list[Any]] = json.loads(self.use("script", json.dumps(steps), **variables))
        return found

    def waiting(self, queue: str = "shop.default") -> list[Any]:
        """Take the messages that are in a queue."""
        found: list[Any] = []
        with (
            Connection(self.release.urls["SHOP_BROKER_URL"]) as connection,
            connection.channel() as channel,
            suppress(*connection.channel_errors),  # RabbitMQ has no such queue yet
        ):
            while message := Queue(queue, channel=channel).get(no_ack=True):
                found.append(message)
        return found


def run_clean(*command: Any, environ: dict[str, str], at: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], env=environ, cwd=at, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=list(SCHEMES))
def deployed(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """By broker, with only the client's own requirements in the environment; no worker has run yet."""
    require_redis()
    broker, folder = request.param, tmp_path_factory.mktemp(request.param)
    variables = {"SHOP_BROKER_URL": SCHEMES[broker], "SHOP_IDEMPOTENCY_URL": "redis"}
    with ExitStack() as stack:
        try:
            urls = stack.enter_context(running(folder, variables, {}))
        except Unavailable as unavailable:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(unavailable))
        service = render_release("tree", ANSWERS | {"broker": broker}, folder)
        release = Release("tree", service, folder, urls)
        (folder / "contract.yaml").write_text(release.command("contract"))
        asyncgen("client", "shop-client", "--template", template, cwd=folder)
        run(UV, "build", "--quiet", "--wheel", "--out-dir", folder / "dist", folder / "shop-client", cwd=folder)
        (wheel,) = (folder / "dist").glob("*.whl")
        run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
        python = folder / "venv/bin/python"
        run(UV, "pip", "install", "--quiet", "--python", python, wheel, cwd=folder)
        yield Deployed(broker, release, python, stack.enter_context(Proxy(urls["SHOP_BROKER_URL"])))


def new_order() -> dict[str, str]:
    return {"order": uuid4().hex}


def test_it_has_only_what_publishing_needs(deployed: Deployed) -> None:
    code = (
        "import importlib.metadata as m, importlib.util as u, json, re;"
        "print(json.dumps([sorted(re.split('[<>=; ]', r)[0] for r in m.requires('shop-client') if 'extra' not in r),"
        "[u.find_spec(n) is None for n in ('shop', 'pydantic', 'sqlalchemy', 'structlog', 'redbeat')]]))"
    )
    required, absent = json.loads(run_clean(deployed.python, "-c", code, environ={}, at=deployed.release.folder))
    assert set(required) == {*DIRECT[deployed.broker], "typing-extensions"}
    assert all(absent)


def test_nothing_is_sent_by_a_wrong_call(deployed: Deployed) -> None:
    order = new_order()
    wrong: list[Any] = [
        [{}, {}],
        [{"order": 1}, {}],
        [{"order": None}, {}],
        [{**order, "more": 1}, {}],
        [order, {"countdown": 1e12}],
        [order, {"task_id": ""}],
        [{"order": "x" * 70_000}, {}],
    ]
    assert {error for error, *_ in deployed.script(*wrong)} == {"PayloadError"}
    assert deployed.waiting() == []


def test_its_messages_are_those_of_the_service(deployed: Deployed) -> None:
    order = new_order()
    deployed.release.publish((order, {"task_id": "same", "expires": 60}))
    deployed.script([order, {"task_id": "same", "expires": 60}])
    own, clients = deployed.waiting()
    differing = {"origin", "first_published", "published_at", "timelimit", "kwargsrepr", "expires", "argsrepr"}
    assert {k: v for k, v in clients.headers.items() if k not in {*differing, "contract"}} == {
        k: v for k, v in own.headers.items() if k not in differing
    }
    assert clients.headers.keys() == {*own.headers, "contract"}
    assert clients.headers["timelimit"] == [None, None], "the worker's own"
    assert clients.headers["contract"] == digest(yaml.safe_load(deployed.release.command("contract")))
    assert clients.payload == own.payload
    for name in ("content_type", "content_encoding"):
        assert getattr(clients, name) == getattr(own, name)
    for name in ("delivery_mode", "priority", "expiration"):
        assert clients.properties.get(name) == own.properties.get(name)
    for name in ("exchange", "routing_key"):
        assert clients.delivery_info[name] == own.delivery_info[name]


def test_a_namespace_is_the_one_of_the_service(deployed: Deployed) -> None:
    """RabbitMQ refuses the second declaration of a queue that differs from the first."""
    order, urls = new_order(), {**deployed.release.urls, "SHOP_NAMESPACE": "blue"}
    replace(deployed.release, urls=urls).publish((order, {}))
    assert deployed.script([order, {}], SHOP_NAMESPACE="blue")[0][0] == "sent"
    own, clients = deployed.waiting("blue.shop.default")
    assert own.delivery_info["exchange"] == clients.delivery_info["exchange"]
    assert deployed.waiting() == []


def test_what_is_sent_before_a_worker_has_ever_run_runs(deployed: Deployed) -> None:
    first, delayed, again, soon = (new_order() for _ in range(4))
    many = [[order["order"]] for order in (new_order() for _ in range(50))]
    sent = deployed.script(
        [first, {}],
        [delayed, {"countdown": 2}],
        [soon, {"countdown": 0.1}],
        [again, {"task_id": "twice"}],
        ["many", *many],
    )
    assert [outcome[0] for outcome in sent[:-1]] == ["sent"] * 4
    assert sent[3:] == [["sent", "twice"], []]
    done = deployed.release.done
    with deployed.release.worker():
        until(lambda: all(done(order) for (order,) in many))
        until(lambda: done(first["order"]) and done(delayed["order"]) and done(again["order"]) and done(soon["order"]))
        deployed.script([again, {"task_id": "twice"}], [last := new_order(), {}])
        until(lambda: done(last["order"]))
    assert [len(done(order["order"])) for order in (first, delayed, again, soon)] == [1] * 4
    assert json.loads(deployed.release.command("dead", "list", "--json")) == []


def test_a_broker_that_goes_away_is_an_error_in_time(deployed: Deployed) -> None:
    environ = {"PATH": os.environ["PATH"], "SHOP_BROKER_URL": deployed.proxy.url}
    orders = [new_order() for _ in range(4)]
    steps = json.dumps(
        [[orders[0], {}], "wait", [orders[1], {"task_id": "kept"}], "wait", [orders[1], {"task_id": "kept"}],
         "wait", [orders[2], {}], "wait", ["many", *([each["order"]] for each in orders[2:])]]
    )  # fmt: skip
    with subprocess.Popen(
        [str(deployed.python), str(USES / "script.py"), steps], env=environ, cwd=deployed.release.folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout

        def step(then: Any) -> None:
            assert process.stdin
            assert process.stdout
            assert process.stdout.readline() == "waiting\n"
            then()
            print(file=process.stdin, flush=True)

        step(deployed.proxy.freeze)  # it accepts, and never answers
        step(deployed.proxy.thaw)
        step(deployed.proxy.cut)  # it refuses
        step(deployed.proxy.mend)
        outcomes = json.loads(process.stdout.readline())
    sent, _, silent, _, again, _, refused, _, many = outcomes
    assert (sent[0], again) == ("sent", ["sent", "kept"])
    for error in (silent, refused):
        assert error[0] == "PublishError", error
        assert "expected the broker to take shop.tasks.record_order.record_order with id" in error[1]
        assert error[2] < 3.5  # 3 s are promised; the rest is this machine's
    assert "with id kept" in silent[1]
    assert many == []
    done = deployed.release.done
    with deployed.release.worker():
        until(lambda: all(done(each["order"]) for each in orders))
    assert [len(done(each["order"])) for each in orders] == [1] * 4


@pytest.mark.parametrize("deployed", ["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)], indirect=True)
def test_applications_publish_with_it(deployed: Deployed) -> None:
    run(UV, "pip", "install", "--quiet", "--python", deployed.python, *APPLICATIONS, cwd=deployed.release.folder)
    folder = deployed.release.folder / "producer"
    folder.mkdir()
    shutil.copy(USES / "producer_check.py", folder)
    tests = ["-m", "pytest", "-q", "--rootdir", folder, folder / "producer_check.py"]
    assert "3 passed" in run_clean(deployed.python, *tests, environ={}, at=folder)
    orders = {use: [uuid4().hex for _ in range(2)] for use in ("web_fastapi", "web_django", "notebook")}
    with deployed.release.worker():
        assert deployed.use("web_fastapi", *orders["web_fastapi"]) == "[202, 202]\n"
        assert deployed.use("web_django", *orders["web_django"]) == "[202, 202] mine\n"
        assert deployed.use("notebook", *orders["notebook"]) == "[False, True, True]\n"
        done = deployed.release.done
        until(lambda: all(done(order) == ["tree"] for each in orders.values() for order in each))
        deployed.proxy.cut()
        assert deployed.use("web_fastapi", "late") == "[503]\n"
        deployed.proxy.mend()
