"""Django as a producer: views of a stock project, its own database, a real worker, and brokers that are away."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from runtime.testing import Worker
from runtime.testing.processes import Console

from .combinations import each_broker
from .proxy import Proxy
from .service import calls
from .service import django_project as project
from .service.notes import count

pytestmark = each_broker


class Site:
    """The project in a process beside the worker."""

    def __init__(self, console: Worker | Console) -> None:
        self._call = console.call
        self.rows("")

    def post(self, body: Any, where: str = "/effects", **headers: str) -> list[Any]:
        """See the project."""
        return self._call(project.post, where, body, headers)

    def post_form(self, text: str) -> list[Any]:
        """The same for a body of another type."""
        return self._call(project.post, "/effects", text, {}, "application/x-www-form-urlencoded")

    def get(self, where: str) -> list[Any]:
        """See the project."""
        return self._call(project.get, where)

    def rows(self, name: str) -> int:
        """See the project."""
        return self._call(project.rows, name)

    def shares_database(self) -> bool:
        """See the project."""
        return self._call(project.shares_database)


@pytest.fixture
def site(worker: Worker) -> Site:
    return Site(worker)


@pytest.fixture
def body(tmp_path: Path) -> dict[str, str]:
    return {"name": uuid.uuid4().hex, "folder": str(tmp_path)}


@pytest.fixture
def with_outbox(services: dict[str, str]) -> bool:
    return services["RUNTIME_IDEMPOTENCY_URL"].startswith("postgresql")


def test_a_worker_does_it_once_and_the_location_says_done(
    site: Site, worker: Worker, body: dict[str, str], tmp_path: Path, with_outbox: bool
) -> None:
    assert site.shares_database() == with_outbox
    for _ in range(2):
        status, location, _, accepted, _ = site.post(body, idempotency_key=body["name"])
        assert (status, location, accepted) == (
            202,
            f"/effects/{body['name']}",
            {"id": body["name"], "state": "waiting"},
        )
    if with_outbox:
        assert site.get(location) == [200, accepted]
        assert worker.call(calls.relay) == 1
    worker.wait(lambda: site.get(location)[1]["state"] == "done")
    assert count(tmp_path, body["name"]) == 1
    conflict = site.post({**body, "name": "other"}, idempotency_key=body["name"])
    assert (conflict[0], site.rows("other")) == (409, 0)


@pytest.mark.parametrize("where", ["/effects", "/atomic"])
def test_a_request_that_is_rolled_back_publishes_nothing(
    site: Site, worker: Worker, body: dict[str, str], tmp_path: Path, where: str, with_outbox: bool
) -> None:
    name = body["name"]
    assert site.post(body, where, idempotency_key=name, fails="yes")[0] == 500
    assert (site.rows(name), site.get(f"/effects/{name}")[0]) == (0, 404)
    assert not with_outbox or worker.call(calls.relay) == 0
    assert site.post(body, where, idempotency_key=name)[0] == 202
    assert not with_outbox or worker.call(calls.relay) == 1
    worker.wait(lambda: site.get(f"/effects/{name}")[1]["state"] == "done")
    assert count(tmp_path, name) == 1


@pytest.mark.parametrize(
    ("sent", "headers", "status"),
    [
        ("[1]", {}, 422),
        ("{", {}, 422),
        ("[" * 100_000, {}, 422),
        ({"name": 1, "folder": ""}, {}, 422),
        ({"name": "a", "folder": "", "other": 1}, {}, 422),
        ({"name": "a", "folder": ""}, {"idempotency_key": ".."}, 422),
    ],
    ids=["list", "broken", "deep", "type", "unknown", "key"],
)
def test_what_cannot_be_meant_is_refused(site: Site, sent: Any, headers: dict[str, str], status: int) -> None:
    answer = site.post(sent, **headers)
    assert (answer[0], set(answer[3])) == (status, {"detail"})


def test_a_form_of_another_site_is_refused(site: Site) -> None:
    assert site.post_form("name=a")[0] == 415
    assert site.get("/effects/unheard")[0] == 404


@pytest.mark.parametrize("how", ["freeze", "cut"])
def test_a_broker_that_is_away(
    way: tuple[Console, Proxy],
    worker: Worker,
    body: dict[str, str],
    tmp_path: Path,
    how: str,
    with_outbox: bool,
) -> None:
    (console, proxy), name = way, body["name"]
    site = Site(console)
    proxy.drop()  # there is no connection from before
    getattr(proxy, how)()
    status, _, retry_after, _, seconds = site.post(body, idempotency_key=name)
    assert (status, retry_after) == ((202, None) if with_outbox else (503, "5"))
    assert seconds < 3.5, "the publish timeout is 3 s"
    proxy.mend()
    proxy.thaw()
    assert site.post(body, idempotency_key=name)[0] == 202
    if with_outbox:
        worker.wait(lambda: worker.call(calls.relay) == 1)
    worker.wait(lambda: site.get(f"/effects/{name}")[1]["state"] == "done")
    assert count(tmp_path, name) == 1
