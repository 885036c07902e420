"""A Redis server that holds messages or keys: whether it keeps what it has acknowledged, and can be written."""

import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError, RedisError, TimeoutError  # noqa: A004  # redis-py's own

from . import Finding, clock, losing, megabytes, unknown

__all__ = ["diagnose"]

OLDEST = (6, 2)
"""BLMOVE."""

EXPECTED = {
    "appendonly": ("yes", "are lost when the server is killed"),
    "appendfsync": ("always", "of the last second, or of more, are lost when the server is killed"),
    "no-appendfsync-on-rewrite": ("no", "are lost when the server is killed while it saves or rewrites its file"),
    "maxmemory-policy": ("noeviction", "are dropped when memory is full"),
}
"""Each setting of the server, the value that loses nothing, and what happens otherwise."""

FULL, FULL_UNLIMITED = 0.8, 0.5
"""Shares of the memory that are too much: of `maxmemory`, and of the machine's, as a rewrite may need it twice."""


def diagnose(client: Redis, server: str, kept: str) -> Iterator[Finding]:
    """Yield findings about one server; raises RedisError where it does not answer at all.

    server: what the findings call it. kept: what it holds, "messages" or "keys".
    """
    yield from _Server(client, server, kept).findings()


@dataclass
class _Server:
    client: Any  # a Redis: not all of its commands are typed
    name: str
    kept: str
    info: dict[str, Any] = field(init=False)

    def findings(self) -> Iterator[Finding]:
        before = time.time()
        told, refused = _asked(self.client.time)
        if told:
            yield clock(self.name, told[0] + told[1] / 1_000_000, before, time.time())
        else:
            yield self._unknown("clock", refused, "within seconds of this machine's clock", "time")
        info, refused = _asked(self.client.info)
        self.info = info or {}
        if self.info:
            yield self._version()
            yield self._role()
            yield self._mode()
            yield self._memory()
            yield self._persistence()
        else:
            expected = "Redis 6.2 or newer, no replica, no cluster, with memory to spare, and able to save"
            yield self._unknown("info", refused, expected, "info")
        for setting in EXPECTED:
            yield self._setting(setting)

    def _setting(self, setting: str) -> Finding:
        expected, otherwise = EXPECTED[setting]
        found, refused = _asked(lambda: self.client.config_get(setting))
        seen = (found or {}).get(setting) or _in_info(setting, self.info)
        if seen is None:
            why = refused or "it has no such setting"
            return self._unknown(setting, why, f"{expected}, else {self.kept} {otherwise}", f"config get {setting}")
        if seen == expected:
            return Finding(f"{self.name} {setting}", True, expected)
        detail = f"expected {expected}, got: {seen}; else {self.kept} {otherwise}"
        if setting == "appendonly" and (found or {}).get(setting):
            saved, _ = _asked(lambda: self.client.config_get("save"))
            snapshot = (saved or {}).get("save")
            detail += ", but for those in its last snapshot" if snapshot else "; it saves no snapshots, either"
        change = f"{self._cli} config set {setting} {expected}"
        if self.info.get("config_file"):
            change += f" && {self._cli} config rewrite"
        else:
            change += f"  # and start it with --{setting} {expected}"
        return losing(f"{self.name} {setting}", detail, change)

    def _version(self) -> Finding:
        subject, version = f"{self.name} version", str(self.info.get("redis_version", ""))
        if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) >= OLDEST:
            return Finding(subject, True, version)
        return Finding(subject, False, f"expected 6.2 or newer, got: {version}", fix="upgrade the server")

    def _role(self) -> Finding:
        subject, role = f"{self.name} role", self.info.get("role")
        if role != "slave":
            return Finding(subject, True, str(role))
        primary = f"{self.info.get('master_host')}:{self.info.get('master_port')}"
        detail = f"expected a server that can be written, got: a replica of {primary}; name {primary} in the URL"
        return Finding(subject, False, detail, fix=f"{self._cli} replicaof no one  # if it is to take over")

    def _mode(self) -> Finding:
        subject = f"{self.name} cluster"
        if not self.info.get("cluster_enabled"):
            return Finding(subject, True, "off")
        detail = "expected one server, with Sentinel if it is to fail over, got: a cluster, which kombu does not know"
        return Finding(subject, False, detail, fix="start a server with --cluster-enabled no, and name it in the URL")

    def _memory(self) -> Finding:
        subject = f"{self.name} memory"
        used, limit = self.info.get("used_memory", 0), self.info.get("maxmemory", 0)
        machine = self.info.get("total_system_memory", 0)
        seen = f"{megabytes(used)} of {megabytes(limit or machine)}"
        if limit:
            change = f"{self._cli} config set maxmemory {max(2 * limit, 2 * used)}"
            full, otherwise = used > FULL * limit, "when it is full, nothing can be written"
        else:
            change = f"{self._cli} config set maxmemory {machine * 3 // 4}"
            full, otherwise = machine and used > FULL_UNLIMITED * machine, "the kernel kills it when memory runs out"
            seen += ", with no maxmemory; a container's own limit is not seen from here"
        if not full:
            return Finding(subject, True, seen)
        detail = f"expected {self.kept} to fill less of it, got: {seen}; {otherwise}"
        return Finding(subject, False, detail, fix=f"{change}  # where it has that memory; else start workers")

    def _persistence(self) -> Finding:
        """Whether what it wrote last has reached the disk: after a failure it refuses to be written."""
        subject = f"{self.name} persistence"
        statuses = {
            "aof_last_write_status": "append to its file",
            "aof_last_bgrewrite_status": "rewrite its file",
            "rdb_last_bgsave_status": "save a snapshot",
        }
        failed = [what for name, what in statuses.items() if self.info.get(name, "ok") != "ok"]
        if not failed:
            return Finding(subject, True, "nothing has failed to be written")
        detail = f"expected it to write to its disk, got: a failure to {' and to '.join(failed)}; its log says why"
        return Finding(subject, False, detail, fix=f"df -h; {self._cli} bgsave; {self._cli} bgrewriteaof")

    def _unknown(self, what: str, why: str, expected: str, command: str) -> Finding:
        return unknown(f"{self.name} {what}", why, expected, fix=f"{self._cli} {command}")

    @property
    def _cli(self) -> str:
        """How to reach the server by hand; it asks for the password."""
        pool: Any = self.client.connection_pool
        options = pool.connection_kwargs
        host, port = options.get("host"), options.get("port")
        if hasattr(pool, "get_master_address"):  # Sentinel's
            host, port = pool.get_master_address()
        words = ["redis-cli", *(["-s", options["path"]] if options.get("path") else ["-h", str(host), "-p", str(port)])]
        if "SSL" in pool.connection_class.__name__:
            words.append("--tls")
        if options.get("username"):
            words += ["--user", options["username"]]
        if options.get("password"):
            words.append("--askpass")
        return shlex.join(words)


def _in_info(setting: str, info: dict[str, Any]) -> str | None:
    """Where a server that refuses CONFIG tells it all the same."""
    if setting == "appendonly":
        return {0: "no", 1: "yes"}.get(info.get("aof_enabled", -1))
    return info.get("maxmemory_policy") if setting == "maxmemory-policy" else None


def _asked(question: Callable[[], Any]) -> tuple[Any, str]:
    """The answer, or None and why there is none: such as an access list, or a managed server without CONFIG."""
    try:
        return question(), ""
    except (ConnectionError, TimeoutError):
        raise
    except RedisError as refused:
        return None, str(refused)
