"""A Redis with one wrong setting each; its commands are run by a shell."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from runtime.diagnostics import Finding, redis
from runtime.testing.servers.process import PORTS, free_port, serving, until
from runtime.testing.servers.redis import redis_command

from . import faults

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not on PATH")


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Redis]:
    """A Redis as it has to be, but for `options`."""
    # A cluster's node listens at the port 10,000 above as well, which has to be no client's either.
    port = next(port for port in iter(free_port, None) if port + 10_000 in PORTS)
    command = [*redis_command("redis-server", port, folder), *options]
    with serving(command, port, folder / "redis.log"), Redis(port=port, decode_responses=True) as client:
        yield client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One for all tests that set it right again."""
    with started(tmp_path_factory.mktemp("redis")) as client:
        yield client


def found(client: Redis) -> dict[str, Finding]:
    return faults(redis.diagnose(client, "redis", "messages"))


def mend(client: Redis, fix: str) -> None:
    """Run the command. A server that writes its first append-only file does not end when it is told to."""
    subprocess.run(fix, shell=True, check=True, capture_output=True)
    until(lambda: not client.info()["aof_rewrite_in_progress"] and not client.info()["aof_rewrite_scheduled"])


def set_to(name: str, value: object) -> Callable[[Redis], Any]:
    return lambda client: client.config_set(name, str(value))


@pytest.mark.parametrize(
    ("subject", "plant", "words"),
    [
        ("appendonly", set_to("appendonly", "no"), "when the server is killed; it saves no snapshots, either"),
        ("appendfsync", set_to("appendfsync", "everysec"), "messages of the last second"),
        ("no-appendfsync-on-rewrite", set_to("no-appendfsync-on-rewrite", "yes"), "while it saves"),
        ("maxmemory-policy", set_to("maxmemory-policy", "allkeys-lru"), "got: allkeys-lru; else messages are dropped"),
        (
            "memory",
            lambda client: client.config_set("maxmemory", client.info()["used_memory"] + 1000),
            "can be written",
        ),
        ("role", lambda client: client.replicaof("127.0.0.1", "9"), "got: a replica of 127.0.0.1:9"),
    ],
)
def test_a_wrong_setting_is_found_alone_and_its_command_mends_it(
    server: Redis, subject: str, plant: Callable[[Redis], Any], words: str
) -> None:
    assert found(server) == {}
    plant(server)
    ((name, finding),) = found(server).items()
    assert (name, finding.ok, finding.warning) == (f"redis {subject}", False, False)
    assert words in finding.detail
    mend(server, finding.fix)
    assert found(server) == {}
    server.config_set("maxmemory", 0)


def test_a_server_that_cannot_save_is_found(server: Redis) -> None:
    in_the_way = Path(str(server.config_get("dir")["dir"])) / "dump.rdb"
    in_the_way.mkdir()
    server.bgsave()
    until(lambda: "redis persistence" in found(server))
    finding = found(server)["redis persistence"]
    assert not finding.ok
    assert "got: a failure to save a snapshot" in finding.detail
    in_the_way.rmdir()
    subprocess.run(finding.fix, shell=True, check=True, capture_output=True)
    until(lambda: not found(server))


def test_with_snapshots_less_is_lost_and_a_file_of_settings_is_written_too(tmp_path: Path) -> None:
    (tmp_path / "redis.conf").write_text("save 60 1\n")
    port = free_port()
    command = ["redis-server", str(tmp_path / "redis.conf"), "--port", str(port), "--dir", str(tmp_path)]
    with serving([*command, "--appendfsync", "always"], port, tmp_path / "redis.log"), Redis(port=port) as client:
        (finding,) = found(client).values()
        assert "but for those in its last snapshot" in finding.detail
        mend(client, finding.fix)
        assert "appendonly yes" in (tmp_path / "redis.conf").read_text()
        assert found(client) == {}


def test_a_cluster_is_found(tmp_path: Path) -> None:
    with started(tmp_path, "--cluster-enabled", "yes") as client:
        assert list(found(client)) == ["redis cluster"]


@pytest.mark.parametrize(
    ("refused", "unknown"),
    [
        ("-config", {"appendfsync", "no-appendfsync-on-rewrite"}),  # INFO tells the others
        ("-info", {"info"}),
        ("-time", {"clock"}),
        (
            "-@all",
            {"info", "clock", "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy"},
        ),
    ],
)
def test_what_an_access_list_refuses_is_unknown_and_no_failure(server: Redis, refused: str, unknown: set[str]) -> None:
    ask: Any = server.execute_command
    ask("ACL", "SETUSER", "limited", "reset", "on", ">pass word", "~*", "+@all", refused)
    port = server.connection_pool.connection_kwargs["port"]
    with Redis(port=port, username="limited", password="pass word") as client:
        seen = found(client)
    assert set(seen) == {f"redis {each}" for each in unknown}
    for finding in seen.values():
        assert finding.ok
        assert finding.unknown
        assert "could not be asked (" in finding.detail
        assert finding.fix.startswith(f"redis-cli -h localhost -p {port} --user limited --askpass ")
    ask("ACL", "DELUSER", "limited")


@pytest.mark.parametrize(("ahead", "words"), [(60, "behind it"), (-60, "ahead of it")])
def test_a_clock_that_differs_is_found(
    server: Redis, monkeypatch: pytest.MonkeyPatch, ahead: float, words: str
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    (finding,) = found(server).values()
    assert finding.subject == "redis clock"
    assert words in finding.detail
    assert "60.0 s" in finding.detail or "59.9 s" in finding.detail


def test_a_server_that_is_too_old_is_found(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "OLDEST", (99, 0))
    assert list(found(server)) == ["redis version"]


@pytest.mark.parametrize(("share", "full"), [(0.4, False), (0.6, True)])
def test_without_a_limit_half_of_the_machine_s_memory_is_too_much(
    server: Redis, monkeypatch: pytest.MonkeyPatch, share: float, full: bool
) -> None:
    info = server.info()
    monkeypatch.setattr(server, "info", lambda: {**info, "total_system_memory": info["used_memory"] / share})
    assert list(found(server)) == (["redis memory"] if full else [])
