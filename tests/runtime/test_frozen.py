"""A worker that is frozen for longer than its lease repeats work that another one has done, and accuses nobody."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from runtime.testing import Worker

from .combinations import each_broker
from .service.calls import dead_reasons, publish
from .service.notes import count

pytestmark = each_broker


def send(worker: Worker, number: signal.Signals) -> None:
    """Send a signal to the worker's main process and to those of its pool."""
    main = worker.process.pid
    for process in (str(main), *Path(f"/proc/{main}/task/{main}/children").read_text().split()):
        os.kill(int(process), number)


def test_a_lost_lease_is_a_line_of_the_log(new_worker: Callable[..., Worker], tmp_path: Path) -> None:
    frozen = new_worker(KEY_LEASE=3)
    ids = [frozen.call(publish, "tests.holds", str(tmp_path))]
    frozen.wait((tmp_path / "started").exists)
    send(frozen, signal.SIGSTOP)
    try:
        other = new_worker(KEY_LEASE=3)
        # On RabbitMQ the frozen worker keeps its message, and takes one ahead: the key of the next ones is the same.
        ids += [other.call(publish, "tests.holds", str(tmp_path)) for _ in range(3)]
        other.wait(lambda: count(tmp_path, "started") == 2)
        (tmp_path / "go").touch()
        other.wait((tmp_path / "ended").exists)
        other.wait(lambda: other.lines('"done"', "tests.holds"))
    finally:
        send(frozen, signal.SIGCONT)
    frozen.wait(lambda: frozen.lines('"lease lost"', ids[0]))
    frozen.wait(lambda: all(frozen.lines(each, '"done"') or frozen.lines(each, '"duplicate"') for each in ids[1:]))
    assert [other.call(dead_reasons, task_id) for task_id in ids] == [[]] * len(ids)
    assert count(tmp_path, "ended") == 2
