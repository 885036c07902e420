"""The probe costs next to nothing, and never reads half a heartbeat."""

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime.probe import read, write

from .conftest import SOURCE

MOST = 0.05
"""Seconds of CPU."""


def cpu(*arguments: str, **env: str) -> float:
    """The least seconds of CPU that Python took for it in five runs: other processes make it take more, never less."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], env={**os.environ, **env}, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_the_probe_takes_little_cpu(tmp_path: Path) -> None:
    write(tmp_path / "heartbeat", 60, 60, [])
    env = {"PYTHONPATH": str(SOURCE), "RUNTIME_HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    bare = cpu("-S", "-E", "-c", "")
    taken = cpu("-m", "runtime.probe", "ready", **env)
    assert taken < max(MOST, 6 * bare), f"a Python that does nothing takes {bare:.3f} s"


def test_a_heartbeat_is_replaced_in_one_step(tmp_path: Path) -> None:
    file, ended = tmp_path / "heartbeat", threading.Event()
    write(file, 60, 60, [])

    def rewrite() -> None:
        while not ended.is_set():
            write(file, 60, 60, ["x" * 100_000])
            write(file, 60, 60, [])

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        assert {read(file).live for _ in range(500)} == {True}
    finally:
        ended.set()
        writer.join()
    assert [each.name for each in tmp_path.iterdir()] == ["heartbeat"]


@pytest.mark.parametrize("where", ["nowhere/heartbeat", "folder"])
def test_where_no_file_can_be_written_nothing_is_live(tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    write(tmp_path / where, 60, 60, [])
    assert not read(tmp_path / where).live
