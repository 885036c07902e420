"""Whether spans are exported, by OpenTelemetry's own environment variables."""

import os
from urllib.parse import urlsplit

from dotenv import dotenv_values

from ..errors import ConfigurationError
from ..settings import dotenv
from ..urls import masked

__all__ = ["exports", "read_dotenv"]

EXPORTER = "OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"
"""What the variables of the exporter begin with; the first one counts."""


def read_dotenv() -> None:
    """Set OpenTelemetry's variables that the file `.env` has, where that is read; the environment comes first."""
    if file := dotenv():
        for name, value in dotenv_values(file).items():
            if name.startswith("OTEL_") and value is not None:
                os.environ.setdefault(name, value)


def exports() -> bool:
    """Whether an endpoint is named, and nothing switches the export off; raises ConfigurationError."""
    exporter = _variable("OTEL_TRACES_EXPORTER") or "otlp"
    if exporter not in ("otlp", "none"):
        raise ConfigurationError(
            f"expected OTEL_TRACES_EXPORTER to be otlp or none, got: {exporter}; let a collector translate"
        )
    if exporter == "none" or _variable("OTEL_SDK_DISABLED").lower() == "true":
        return False
    protocol, variable = _first("PROTOCOL")
    if protocol not in ("", "http/protobuf"):
        raise ConfigurationError(
            f"expected {variable} to be http/protobuf, got: {protocol}; "
            "remove the variable, and name the collector's port for HTTP, which often is 4318"
        )
    endpoint, variable = _first("ENDPOINT")
    if endpoint and not _is_url(endpoint):
        raise ConfigurationError(
            f"expected {variable} to be a URL such as http://HOST:4318, got: {masked(endpoint)}; correct the variable"
        )
    return bool(endpoint)


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _first(name: str) -> tuple[str, str]:
    """The value that counts, and its variable."""
    return next(
        ((value, f"{prefix}{name}") for prefix in EXPORTER if (value := _variable(f"{prefix}{name}"))), ("", "")
    )


def _is_url(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
