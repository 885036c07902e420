"""The servers that the service needs, for a demo or a test: the ones that the environment names, else started here."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from myservice.settings import PREFIX

from .unavailable import Unavailable

__all__ = ["NEEDS", "Unavailable", "running"]

ANSWERS = {
    "BROKER_URL": "redis",
    "IDEMPOTENCY_URL": "redis",
    "RESULT_URL": "none",
}
"""What each variable leads to, as the service was made."""

NEEDS = {variable: server for variable, server in ANSWERS.items() if server != "none"}
"""Each variable, and the file of this folder that starts what it needs."""


@contextmanager
def running(
    folder: Path, variables: Iterable[str] = tuple(NEEDS), environ: Mapping[str, str] = os.environ
) -> Iterator[dict[str, str]]:
    """Yield the URL of each of `variables`; what is started keeps its data in `folder` and ends with the block.

    A variable that `environ` sets is taken as it is. Raises Unavailable.
    """
    urls: dict[str, str] = {}
    started: dict[str, str] = {}
    with ExitStack() as stack:
        for number, variable in enumerate(variables):
            name, kind = PREFIX + variable, NEEDS[variable]
            urls[name] = environ.get(name, "")
            if not urls[name]:
                server = import_module(f".{kind}", __package__)
                if kind not in started:
                    started[kind] = stack.enter_context(server.started(folder))
                urls[name] = server.url(started[kind], number)
        yield urls
