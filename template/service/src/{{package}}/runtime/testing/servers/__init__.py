"""The servers that a demo or a test needs: the ones that the environment names, else private ones, started here."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

from ...errors import ServiceError
from ...settings import PREFIX

__all__ = ["Unavailable", "needs", "running"]

MODULES = {
    "redis": ".redis",
    "rediss": ".redis",
    "amqp": ".rabbitmq",
    "amqps": ".rabbitmq",
    "postgresql": ".postgresql",
    "postgresql+psycopg": ".postgresql",
}
"""By URL scheme, the module of this package that starts such a server."""


class Unavailable(ServiceError):  # noqa: N818  # as in StoreUnavailable
    """A server is needed that neither the environment names nor this machine can start."""


def needs(example: Path = Path(".env.example")) -> dict[str, str]:
    """The variables of the service's servers, and the URL scheme of each, as `.env.example` shows them."""
    pattern = rf"(?m)^({PREFIX}(?:BROKER|IDEMPOTENCY|RESULT)_URL)=([a-z+]+)://"
    return dict(re.findall(pattern, example.read_text(encoding="utf-8")))


@contextmanager
def running(
    folder: Path, needs: Mapping[str, str], environ: Mapping[str, str] = os.environ
) -> Iterator[dict[str, str]]:
    """Yield the URL of each variable in `needs`; what is started keeps its data in `folder` and ends with the block.

    A variable that `environ` sets is used as it is. Raises Unavailable.
    """
    urls: dict[str, str] = {}
    started: dict[str, str] = {}
    with ExitStack() as stack:
        for number, (variable, scheme) in enumerate(needs.items()):
            urls[variable] = environ.get(variable, "")
            if not urls[variable]:
                module = MODULES[scheme]
                server = import_module(module, __name__)
                if module not in started:
                    started[module] = stack.enter_context(server.started(folder))
                urls[variable] = server.url(started[module], number)
        yield urls
