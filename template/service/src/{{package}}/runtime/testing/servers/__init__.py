"""The servers that a demo or a test needs: the ones that the environment names, else private ones, started here.

What is done on a named server has names of its own (the setting `namespace`), which are deleted at the end.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...errors import ServiceError
from ...settings import NAME, PREFIX, SCHEMES
from ...urls import RABBITMQ, REDIS, SOCKET, SQL, check_url, masked

__all__ = ["Unavailable", "described", "needs", "new_namespace", "running"]

MODULES = {
    **dict.fromkeys((*REDIS, *SOCKET), ".redis"),
    **dict.fromkeys(RABBITMQ, ".rabbitmq"),
    **dict.fromkeys(SQL, ".postgresql"),
}
"""By URL scheme, the module of this package for such a server."""


class Unavailable(ServiceError):  # noqa: N818  # as in StoreUnavailable
    """A server is needed that neither the environment names nor this machine can start."""


def needs(example: Path = Path(".env.example")) -> dict[str, str]:
    """The variables of the service's servers, and the URL scheme of each, as `.env.example` shows them."""
    pattern = rf"(?m)^({PREFIX}(?:BROKER|IDEMPOTENCY|RESULT)_URL)=([a-z+]+)://"
    return dict(re.findall(pattern, example.read_text(encoding="utf-8")))


def new_namespace(purpose: str) -> str:
    """A namespace that nobody has used."""
    return f"{purpose}_{uuid4().hex[:10]}"


def described(needs: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> list[str]:
    """For each variable, which server `running` takes."""
    return [f"{variable}: {_description(variable, scheme, environ)}" for variable, scheme in needs.items()]


@contextmanager
def running(
    folder: Path, needs: Mapping[str, str], environ: Mapping[str, str] = os.environ, namespace: str = ""
) -> Iterator[dict[str, str]]:
    """Yield variables: the URL of each one in `needs`; what is started keeps its data in `folder`, and ends with it.

    A server that `environ` names is used as it is, with a namespace under names of its own: then the variable of the
    setting is there, too, and what has these names is deleted with the block. Raises Unavailable, ConfigurationError.
    """
    urls: dict[str, str] = {}
    started: dict[str, str] = {}
    with ExitStack() as stack:
        for number, (variable, scheme) in enumerate(needs.items()):
            if namespace and (named := _named(variable, environ)):
                urls[variable], delete = _module(named).own(named, namespace)
                urls[f"{PREFIX}NAMESPACE"] = namespace
                stack.callback(_delete, delete, masked(named), namespace)
                continue
            urls[variable] = "" if namespace else environ.get(variable, "")
            if not urls[variable]:
                server = _module(f"{scheme}://")
                if server.__name__ not in started:
                    started[server.__name__] = stack.enter_context(server.started(folder))
                urls[variable] = server.url(started[server.__name__], number)
        yield urls | {f"{PREFIX}METRICS_PORT": "0"}  # the port may be the one of a worker that is at work here


def _module(url: str) -> Any:
    return import_module(MODULES[url.partition("://")[0]], __name__)


def _named(variable: str, environ: Mapping[str, str]) -> str:
    """The URL of a server in the environment. An SQLite file is none: a private one takes its place."""
    url = environ.get(variable, "")
    if url:
        field = variable.removeprefix(PREFIX).lower()
        check_url(variable, url, [each for each in SCHEMES[field] if each in MODULES], several=field == "broker_url")
    return "" if url.startswith("sqlite") else url


def _description(variable: str, scheme: str, environ: Mapping[str, str]) -> str:
    if url := _named(variable, environ):
        return f"{masked(url)}, which the environment names; names of its own, deleted at the end"
    return f"private: {_module(f'{scheme}://').description()}"


def _delete(delete: Callable[[], None], where: str, namespace: str) -> None:
    try:
        delete()
    except Exception as error:  # what was tested is told all the same
        print(f"{NAME}: what is called {namespace}... stays at {where}: {error}", file=sys.stderr)
