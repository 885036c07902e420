"""A task that says why gets its return value kept; the others do not."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from runtime.testing import Worker
from runtime.testing.processes import Console

from .combinations import each_broker
from .service.calls import publish, result_of
from .service.tasks.effects import effect

pytestmark = each_broker


def test_a_result_is_kept_for_the_task_that_says_why(worker: Worker) -> None:
    kept = worker.call(publish, "tests.double", 20)
    worker.wait(lambda: list(worker.call(result_of, kept)) == ["SUCCESS", 40])
    assert effect.ignore_result


def test_to_publish_needs_no_store_of_results(
    new_console: Callable[..., Console], services: dict[str, str], tmp_path: Path
) -> None:
    scheme = urlsplit(services["RUNTIME_RESULT_URL"]).scheme.replace("sqlite", "postgresql+psycopg")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        console = new_console(RESULT_URL=f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/0")
        console.command("queues", "--json")  # it has started
        for task, arguments in (("tests.effect", ("an.effect", str(tmp_path))), ("tests.double", (1,))):
            began = time.monotonic()
            console.call(publish, task, *arguments)
            assert time.monotonic() - began < 3
