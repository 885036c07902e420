"""OpenTelemetry's variables decide what is exported, and a service that traces nothing imports none of it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime import ConfigurationError
from runtime.observability.trace_settings import exports, read_dotenv

from ..conftest import TRACED

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Sets OpenTelemetry's variables, and no others of it."""
    for name in os.environ:
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)

    def set_them(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_them


@pytest.mark.parametrize(
    ("values", "exported"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector.example/v1/traces"}, True),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_an_endpoint_is_what_switches_the_export_on(
    variables: Callable[[dict[str, str]], None], values: dict[str, str], exported: bool
) -> None:
    variables(values)
    assert exports() is exported


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
            "expected OTEL_EXPORTER_OTLP_ENDPOINT to be a URL such as http://HOST:4318, got: collector:4318; correct",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "redis://user:hidden@collector:1"},
            "expected OTEL_EXPORTER_OTLP_ENDPOINT to be a URL .*, got: redis://user:[*]{2}@collector:1; correct",
        ),
        (
            {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "expected OTEL_EXPORTER_OTLP_PROTOCOL to be http/protobuf, got: grpc; remove the variable",
        ),
        (
            {**ENDPOINT, "OTEL_TRACES_EXPORTER": "zipkin"},
            "expected OTEL_TRACES_EXPORTER to be otlp or none, got: zipkin; let a collector translate",
        ),
    ],
)
def test_what_could_not_work_is_refused(
    variables: Callable[[dict[str, str]], None], values: dict[str, str], message: str
) -> None:
    variables(values)
    with pytest.raises(ConfigurationError, match=message):
        exports()


def test_in_development_the_file_is_read_and_the_environment_comes_first(
    variables: Callable[[dict[str, str]], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    variables({"OTEL_SERVICE_NAME": "outside"})
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")  # for the end of the test: what the file sets goes with it
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "RUNTIME_ENVIRONMENT=development\nOTEL_SERVICE_NAME=inside\nOTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1\n"
    )
    read_dotenv()
    assert exports()
    assert os.environ["OTEL_SERVICE_NAME"] == "outside"


@pytest.mark.parametrize(
    ("observe", "absent"),
    # redis-py imports what it finds of OpenTelemetry, too, but no exporter.
    [
        ("", {"runtime.observability", "opentelemetry.exporter", "sentry_sdk"}),
        ("sentry traces", {"runtime.observability.trace_export", "opentelemetry.exporter", "sentry_sdk"}),
    ],
    ids=["observed by nothing", "with nowhere to send to"],
)
def test_what_is_not_used_is_not_imported(observe: str, absent: set[str]) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    env |= {**TRACED, "RUNTIME_OBSERVE": observe, "RUNTIME_BROKER_URL": "memory://"}
    code = "import json, sys, tests.runtime.service.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert absent.isdisjoint(json.loads(done.stdout))
