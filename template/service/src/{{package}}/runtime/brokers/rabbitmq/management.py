"""RabbitMQ's management API, where a variable names it. It answers with what its servers reported up to 5 s ago."""

import json
from base64 import b64encode
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from .settings import rabbitmq_settings

__all__ = ["answer", "ask"]


def ask(path: str, *names: str, timeout: float) -> Any:
    """The answer to GET /api/`path`/`names`, or None for what is not there or where no URL is set. Raises OSError.

    timeout: seconds; of each wait for the server.
    """
    return answer(path, *names, timeout=timeout)[0]


def answer(path: str, *names: str, timeout: float) -> tuple[Any, float | None]:
    """The same, and the server's time of it, in whole seconds since 1970."""
    if not (url := rabbitmq_settings().rabbitmq_management_url):
        return None, None
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    where = "/".join(["api", path, *(quote(name, safe="") for name in names)])
    credentials = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
    headers = {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}
    try:
        with urlopen(Request(f"{parts.scheme}://{host}/{where}", headers=headers), timeout=timeout) as reply:
            date = reply.headers.get("Date")
            return json.load(reply), parsedate_to_datetime(date).timestamp() if date else None
    except HTTPError as error:
        if error.code == 404:
            return None, None
        raise
    except (HTTPException, ValueError) as error:  # such as from a proxy, or at the port of AMQP
        raise OSError(f"expected JSON of RabbitMQ's management API, got: {error}") from error
