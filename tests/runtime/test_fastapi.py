"""FastAPI as a producer: what each request is answered, in this process and before brokers that are away."""

import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from runtime import PublishError, StoreUnavailable
from runtime.testing import InProcessService, Worker
from runtime.testing.fixtures import with_variables
from runtime.testing.servers.process import free_port, serving

from .combinations import each_broker
from .conftest import TRACED
from .proxy import Proxy
from .service.api import api
from .service.notes import count
from .service.tasks.effects import effect

client = TestClient(api, raise_server_exceptions=False)
BODY = {"name": "one", "folder": "/nowhere"}


def test_the_openapi_document_is_valid_and_names_every_answer() -> None:
    document: Any = client.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    post, get = document["paths"]["/effects"]["post"], document["paths"]["/effects/{task_id}"]["get"]
    assert set(post["responses"]) == {"202", "409", "422", "503"}
    assert set(get["responses"]) == {"200", "404", "422", "503"}
    assert set(post["responses"]["202"]["headers"]) == {"Location"}
    for answer in post["responses"]["409"], post["responses"]["503"], get["responses"]["503"]:
        assert set(answer["headers"]) == {"Retry-After"}
    (key,) = post["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", False)


def test_a_request_is_followed_by_its_id_though_its_arguments_are_the_key(
    service: InProcessService, tmp_path: Path
) -> None:
    body = {"name": "one", "folder": str(tmp_path)}
    accepted = client.post("/effects", json=body)
    assert (accepted.status_code, accepted.json()["state"]) == (202, "waiting")
    place = accepted.headers["Location"]
    assert place == f"/effects/{accepted.json()['id']}"
    assert client.get(place).json() == accepted.json()
    service.deliver(effect, task_id=accepted.json()["id"], **body)
    assert client.get(place).json()["state"] == "done"


def test_an_id_stands_for_one_call(service: InProcessService) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, again = (client.post("/effects", json=BODY, headers=key) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (202, key["Idempotency-Key"])
    assert (again.status_code, again.json(), again.headers["Location"]) == (
        202,
        first.json(),
        first.headers["Location"],
    )
    other = client.post("/effects", json={**BODY, "name": "two"}, headers=key)
    assert other.status_code == 409
    assert other.json()["detail"].endswith("choose a new id for a new call")


def test_the_same_again_publishes_nothing(service: InProcessService, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[str] = []
    monkeypatch.setattr(effect, "apply_async", lambda task_id, **_: published.append(task_id))
    for _ in range(2):
        client.post("/effects", json=BODY, headers={"Idempotency-Key": "again"})
    assert published == ["again"]


def test_what_the_broker_may_not_have_is_published_again(
    service: InProcessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []

    def publish(task_id: str, **_: Any) -> None:
        published.append(task_id)
        if len(published) == 1:
            raise PublishError("expected the broker to take it, got: no answer; see whether it runs")

    monkeypatch.setattr(effect, "apply_async", publish)
    key = {"Idempotency-Key": "unsure"}
    away = client.post("/effects", json=BODY, headers=key)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert client.get("/effects/unsure").status_code == 404
    assert client.post("/effects", json={**BODY, "name": "two"}, headers=key).status_code == 409
    assert client.post("/effects", json=BODY, headers=key).status_code == 202
    assert published == ["unsure", "unsure"]
    assert client.get("/effects/unsure").json()["state"] == "waiting"


@pytest.mark.parametrize("key", ["", "a" * 256, "..", "a/b", "a b", "ä", "a?b"])
def test_a_key_that_is_no_id_is_refused(key: str) -> None:
    answer = client.post("/effects", json=BODY, headers={b"Idempotency-Key": key.encode()})
    assert answer.status_code == 422
    assert client.get("/effects/a%20b").status_code == 422


def test_what_the_task_refuses_is_answered_in_the_form_of_what_fastapi_refuses() -> None:
    for answer in client.post("/effects", json={"name": 1}), client.post("/untyped", json={"name": 1, "folder": ""}):
        assert answer.status_code == 422
        assert {"loc", "msg", "type"} <= answer.json()["detail"][0].keys()


def test_a_task_without_a_key_is_known_and_no_more(service: InProcessService) -> None:
    accepted = client.post("/waits")
    told = client.get(accepted.headers["Location"])
    assert (accepted.status_code, told.status_code, told.json()["state"]) == (202, 200, "unknown")
    assert client.get("/waits/unheard").status_code == 404


@pytest.mark.parametrize(
    ("error", "answer"), [(StoreUnavailable("it is away", 4.2), (503, "5")), (ValueError("a defect"), (500, None))]
)
def test_only_what_is_away_is_a_503(error: Exception, answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(effect, "apply_async", fail)
    found = client.post("/effects", json={**BODY, "name": uuid.uuid4().hex})
    assert (found.status_code, found.headers.get("Retry-After")) == answer


# ---- a server of its own, before real brokers ----


@pytest.fixture(scope="module")
def served(services: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, Proxy]]:
    """The interface in a process of its own, and its way to the broker; on Redis alone that is the store's, too."""
    port = free_port()
    with Proxy(services["RUNTIME_BROKER_URL"]) as proxy:
        broker, store = (urlsplit(services[f"RUNTIME_{kind}_URL"]) for kind in ("BROKER", "IDEMPOTENCY"))
        variables = {"BROKER_URL": proxy.url}
        if store.netloc == broker.netloc:
            variables["IDEMPOTENCY_URL"] = store._replace(netloc=urlsplit(proxy.url).netloc).geturl()
        command = [sys.executable, "-m", "uvicorn", "tests.runtime.service.api:api", "--port", str(port)]
        log = tmp_path_factory.mktemp("api") / "log"
        with (
            serving(command, port, log, with_variables(services, variables) | TRACED),  # FastAPI needs OpenTelemetry
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as http,
        ):
            yield http, proxy


@each_broker
def test_a_worker_does_it_once_and_the_location_says_done(
    served: tuple[httpx2.Client, Proxy], worker: Worker, tmp_path: Path
) -> None:
    http, _ = served
    name = uuid.uuid4().hex
    request: Any = {"json": {"name": name, "folder": str(tmp_path)}, "headers": {"Idempotency-Key": name}}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: http.post("/effects", **request), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    accepted = http.post("/effects", **request)
    worker.wait(lambda: http.get(accepted.headers["Location"]).json()["state"] == "done")
    assert count(tmp_path, name) == 1


@each_broker
@pytest.mark.parametrize("how", ["freeze", "cut"])
def test_a_broker_that_is_away_is_a_503_in_time_and_holds_up_nobody(
    served: tuple[httpx2.Client, Proxy], worker: Worker, tmp_path: Path, how: str
) -> None:
    http, proxy = served
    name = uuid.uuid4().hex
    request: Any = {"json": {"name": name, "folder": str(tmp_path)}, "headers": {"Idempotency-Key": name}}
    getattr(proxy, how)()
    with ThreadPoolExecutor(8) as threads:
        posted = [threads.submit(timed, http, request) for _ in range(8)]
        slowest = 0.0
        while not all(each.done() for each in posted):
            began = time.monotonic()
            assert http.get("/alive").json() is True
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.05)
    assert slowest < 1
    for each in posted:
        answer, seconds = each.result()
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert seconds < 3.5, "the publish timeout is 3 s"
    proxy.mend()
    proxy.thaw()
    worker.wait(lambda: http.post("/effects", **request).status_code == 202)
    worker.wait(lambda: http.get(f"/effects/{name}").json()["state"] == "done")
    assert count(tmp_path, name) == 1


def timed(http: httpx2.Client, request: Any) -> tuple[httpx2.Response, float]:
    """The answer to the request, and the seconds until it came."""
    began = time.monotonic()
    return http.post("/effects", **request), time.monotonic() - began
