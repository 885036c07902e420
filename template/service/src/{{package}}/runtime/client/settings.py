"""The environment variables of a client: those of the service, by the same names."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self, TypeVar

from ..errors import ConfigurationError
from ..settings import NAME, PREFIX
from ..urls import EXAMPLES, MEMORY, check_url

__all__ = ["ClientSettings"]

T = TypeVar("T", int, float)

NAMESPACE = re.compile("([a-z][a-z0-9_]{0,29})?")


@dataclass(frozen=True)
class ClientSettings:
    """Times are in seconds, sizes in bytes. The service's `Settings` say what each of them means."""

    broker_url: str
    namespace: str = ""
    payload_limit: int = 64 * 1024
    publish_timeout: float = 3.0
    attempt_timeout: float = 2.0
    max_delay: int = 365 * 24 * 3600
    delivery_limit: int = 0
    """0: the contract's, the service's default. RabbitMQ refuses another one than its workers have declared."""

    @classmethod
    def read(cls, schemes: Iterable[str], broker_url: str | None, namespace: str | None) -> Self:
        """What is given, else what the environment says; raises ConfigurationError for what cannot be used."""
        schemes = tuple(schemes)
        url = os.environ.get(f"{PREFIX}BROKER_URL", "") if broker_url is None else broker_url
        if not url:
            raise ConfigurationError(
                f"expected {PREFIX}BROKER_URL to be set, got: nothing; "
                f"set it to the broker of {NAME}, such as {EXAMPLES[schemes[0]]}, or give a Client its broker_url"
            )
        variable = f"{PREFIX}BROKER_URL" if broker_url is None else "broker_url"
        check_url(variable, url, (*schemes, *MEMORY), several=True)
        name = os.environ.get(f"{PREFIX}NAMESPACE", "") if namespace is None else namespace
        if not NAMESPACE.fullmatch(name):
            variable = f"{PREFIX}NAMESPACE" if namespace is None else "namespace"
            raise ConfigurationError(
                f"expected {variable} to be up to 30 lowercase letters, digits and _ that begin with a letter, "
                f"got: {name!r}; correct it"
            )
        return cls(
            url,
            name,
            _positive("PAYLOAD_LIMIT", int, cls.payload_limit),
            _positive("PUBLISH_TIMEOUT", float, cls.publish_timeout),
            _positive("ATTEMPT_TIMEOUT", float, cls.attempt_timeout),
            _positive("MAX_DELAY", int, cls.max_delay),
            _positive("DELIVERY_LIMIT", int, cls.delivery_limit),
        )

    @property
    def server_name(self) -> str:
        """What begins the name of everything that the service owns on its servers."""
        return f"{self.namespace}.{NAME}" if self.namespace else NAME

    def named(self, name: str) -> str:
        """A name of the contract, which is without a namespace, in this one."""
        return self.server_name + name.removeprefix(NAME)


def _positive(name: str, kind: Callable[[str], T], default: T) -> T:
    text = os.environ.get(f"{PREFIX}{name}")
    if text is None:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = kind("0")
    if not 0 < value < float("inf"):
        raise ConfigurationError(f"expected {PREFIX}{name} to be a number above 0, got: {text!r}; correct the variable")
    return value
