"""A store under test, with effects that are counted outside of it, and processes that die on purpose."""

import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from runtime.idempotency import Attempt, Store
from runtime.idempotency.redis import RedisStore
from runtime.idempotency.sql import SqlStore
from runtime.idempotency.sql.database import KEYS, engine_of
from runtime.settings import NAME
from runtime.testing.servers.process import Server

__all__ = ["EFFECTS", "Interrupted", "Kind", "Postponed", "Processes"]

EFFECTS = f"{NAME}_effects"
"""The table of the effects that commit with their keys."""


class Postponed(Exception):  # noqa: N818  # named as what it stands for
    """Stands for Celery's Retry."""


class Interrupted(Exception):  # noqa: N818  # the same
    """Stands for Celery's SoftTimeLimitExceeded, which a signal raises."""


@dataclass
class Kind:
    """One kind of store on its server; `folder` takes the effects."""

    name: str
    url: str
    folder: Path
    server: Server | None = None

    @property
    def sql(self) -> bool:
        return self.name in ("postgresql", "sqlite")

    @property
    def store(self) -> Store:
        return self.open(self.url)

    def open(self, url: str) -> Store:
        return (SqlStore if self.sql else RedisStore).open(url)

    def attempt(
        self, key: str, mode: Any = "lease", *, owner: str = "task-1", payload: str = "payload", **terms: Any
    ) -> AbstractContextManager[Any]:
        """The store's attempt. Any: an Attempt whose session is there in some modes and None in the others."""
        terms = {"lease": 30.0, "retention": 60.0, "suspend_on": (Postponed,), **terms}
        return self.store.attempt(mode, key=key, owner=owner, fingerprint=payload, **terms)

    def run(self, key: str, mode: str = "lease", result: Any = None, **terms: Any) -> Any:
        """One delivery from its claim to its end: the attempt as it was found, with the effect made if it had to be."""
        with self.attempt(key, mode, **terms) as attempt:
            if not attempt.done:
                self.effect(attempt, key)
                attempt.result = result
        return attempt

    def effect(self, attempt: Attempt, key: str) -> None:
        """Leave a trace outside the store, or in the attempt's transaction where it has one."""
        if attempt.session is None:
            with (self.folder / key).open("a") as file:
                file.write("x")
        else:
            self.execute(f"INSERT INTO {EFFECTS} (key) VALUES (:key)", attempt.session, key=key)

    def effects(self, key: str) -> int:
        path = self.folder / key
        count = len(path.read_text()) if path.exists() else 0
        if self.sql:
            count += self.query(f"SELECT count(*) FROM {EFFECTS} WHERE key = :key", key=key)
        return count

    def execute(self, sql: str, connection: Session | Connection | None, **values: Any) -> Any:
        assert connection is not None
        return connection.execute(text(sql), values)

    def query(self, sql: str, **values: Any) -> Any:
        """Run a statement in a transaction of its own; the first value that it returns, if any."""
        with engine_of(self.url).begin() as connection:
            answer = self.execute(sql, connection, **values)
            return answer.scalar() if answer.returns_rows else None

    def redis(self) -> Any:
        return Redis.from_url(self.url, decode_responses=True)

    def expire(self, key: str) -> None:
        """Let the key's time run out."""
        if self.sql:
            self.query(f"UPDATE {KEYS} SET expires_at = 0 WHERE key = :key", key=key)
        else:
            with self.redis() as client:
                client.delete(f"{NAME}:key:{key}")

    def state(self, key: str) -> str | None:
        """What the store says about the key, expired or not."""
        if self.sql:
            found = self.query(f"SELECT state FROM {KEYS} WHERE key = :key", key=key)
        else:
            with self.redis() as client:
                found = client.hget(f"{NAME}:key:{key}", "state")
        return None if found is None else str(found)


class Processes:
    """Forks of this process, as a prefork pool makes them after the store was used here."""

    def __init__(self) -> None:
        self.alive: set[int] = set()

    def fork(self, body: Callable[[], Any]) -> int:
        """Run `body` in a child: exit status 0 if it returned, 1 if it raised."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                body()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        self.alive.add(pid)
        return pid

    def wait(self, pid: int, timeout: float = 30) -> int:
        """The exit status, negative for a signal."""
        deadline = time.monotonic() + timeout
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self.alive.discard(pid)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, "the child did not end"
            time.sleep(0.005)

    def killed(self, body: Callable[[], Any]) -> None:
        """Run a body that is expected to kill its process."""
        assert self.wait(self.fork(body)) == -signal.SIGKILL
