"""Environment variables: a value that is not valid is named at start-up, and a valid one acts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kombu.exceptions import OperationalError
from pydantic import Field, SecretStr, ValidationError

from runtime import ConfigurationError, PublishError, own_settings, publishing, sending
from runtime.breaker import BreakerSettings
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.rabbitmq.settings import RabbitmqSettings
from runtime.brokers.redis import RedisBroker
from runtime.brokers.redis.settings import RedisSettings
from runtime.queues import QueueClass, grace_period, shutdown_cap
from runtime.settings import Environment, Settings, settings


@pytest.mark.parametrize(
    ("kind", "variable", "value"),
    [
        (Settings, "PUBLISH_TIMEOUT", "0"),
        (Settings, "PUBLISH_TIMEOUT", "soon"),
        (Settings, "ATTEMPT_TIMEOUT", "-1"),
        (Settings, "MARGIN", "0"),
        (Settings, "MARGIN", "1.5"),
        (Settings, "KEY_LEASE", "2"),
        (Settings, "RETENTION", "0"),
        (Settings, "LOG_LEVEL", "LOUD"),
        (BreakerSettings, "BREAKER_FAILURES", "0"),
        (BreakerSettings, "BREAKER_FAILURES", "many"),
        (BreakerSettings, "BREAKER_RESET", "0"),
        (RedisSettings, "STOCK_MAX_DELAY", "-1"),
        (RedisSettings, "LEASE", "2"),
        (RedisSettings, "LEASE", "soon"),
        (RedisSettings, "REDIS_DELIVERY", "sometimes"),
        (RabbitmqSettings, "CONSUMER_TIMEOUT", "0"),
    ],
)
def test_a_value_that_is_not_valid_is_named(
    kind: type[Environment], variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RUNTIME_{variable}", value)
    with pytest.raises(
        ConfigurationError, match=rf"^expected RUNTIME_{variable} to be valid \(.*, got: '{value}'; corr"
    ):
        kind.read()


def test_a_url_that_is_needed_and_not_set_is_named() -> None:
    assert Settings(broker_url="memory://").require("broker_url") == "memory://"
    with pytest.raises(ConfigurationError, match="expected RUNTIME_RESULT_URL to be set, got: nothing"):
        Settings(result_url="").require("result_url")


class Clock:
    """Time that passes only while somebody sleeps."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(
    ("publish_timeout", "attempt_timeout", "times"),
    [
        (0.1, 0.1, [0]),
        (0.2, 0.05, [0, 0.1]),
        (0.8, 0.05, [0, 0.1, 0.3, 0.7]),
        (0.8, 0.2, [0, 0.1, 0.3]),
        (0.8, 0.75, [0]),
    ],
)
@pytest.mark.usefixtures("service")
def test_publishing_is_tried_again_while_an_attempt_can_end_within_publish_timeout(
    publish_timeout: float, attempt_timeout: float, times: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = settings().model_copy(update={"publish_timeout": publish_timeout, "attempt_timeout": attempt_timeout})
    clock, made = Clock(), []
    monkeypatch.setattr(publishing, "settings", lambda: values)
    monkeypatch.setattr(sending, "time", clock)

    def refuse(producer: Any) -> None:
        made.append(clock.now)
        raise OperationalError

    with pytest.raises(PublishError, match="expected the broker to take it, got: OperationalError: no answer"):
        publishing.publish_with_deadline("it", refuse)
    assert made == pytest.approx(times)


def test_an_attempt_waits_for_the_broker_as_long_as_its_variable_says() -> None:
    values = settings().model_copy(update={"attempt_timeout": 1.25})
    assert RedisBroker(values).publishing_options()["socket_timeout"] == 1.25
    assert RedisBroker(values).publishing_options()["socket_connect_timeout"] == 1.25
    assert RabbitmqBroker(values).publishing_options()["read_timeout"] == 1.25
    assert RabbitmqBroker(values).celery_settings([QueueClass("short", 10)])["broker_connection_timeout"] == 1.25


def test_the_margin_lies_between_the_steps_of_the_timeout_budget(set_variables: Callable[..., None]) -> None:
    values, queue = settings().model_copy(update={"margin": 25}), QueueClass("long", 1000)
    assert shutdown_cap([queue], values) == 1025
    assert grace_period([queue], values) == 1050
    set_variables(CONSUMER_TIMEOUT=1025)
    with pytest.raises(ConfigurationError, match="to be above 1025 s"):
        RabbitmqBroker(values).celery_settings([queue])


@pytest.mark.parametrize(
    ("file", "environment", "level"),
    [
        ("RUNTIME_ENVIRONMENT=development\nRUNTIME_LOG_LEVEL=DEBUG\nOTHER=1\nRUNTIME_OTHER=2", {}, "DEBUG"),
        ("RUNTIME_ENVIRONMENT=development\nRUNTIME_LOG_LEVEL=DEBUG", {"RUNTIME_LOG_LEVEL": "ERROR"}, "ERROR"),
        ("RUNTIME_ENVIRONMENT=development\nRUNTIME_LOG_LEVEL=DEBUG", {"RUNTIME_ENVIRONMENT": "production"}, "INFO"),
        ("RUNTIME_LOG_LEVEL=DEBUG", {}, "INFO"),
        ("RUNTIME_ENVIRONMENT=staging\nRUNTIME_LOG_LEVEL=DEBUG", {}, "INFO"),
        ("RUNTIME_LOG_LEVEL=DEBUG", {"RUNTIME_ENVIRONMENT": "development"}, "DEBUG"),
        (None, {"RUNTIME_ENVIRONMENT": "development"}, "INFO"),
    ],
)
@pytest.mark.parametrize("kind", [Settings, own_settings.Settings])
def test_a_dotenv_file_is_read_in_development_alone_and_after_the_environment(
    kind: type[Settings],
    file: str | None,
    environment: dict[str, str],
    level: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    if file is not None:
        (tmp_path / ".env").write_text(file)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert kind.read().log_level == level


def test_a_value_of_the_dotenv_file_that_is_not_valid_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("RUNTIME_ENVIRONMENT=development\nRUNTIME_LEASE=2\n")
    with pytest.raises(ConfigurationError, match=r"^expected RUNTIME_LEASE to be valid \(.*, got: '2'; correct"):
        RedisSettings.read()


def test_a_dotenv_file_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("RUNTIME_ENVIRONMENT=development # für uns".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"^expected \.env to be UTF-8, got: .*; save it as UTF-8$"):
        Settings.read()


class OwnSettings(own_settings.Settings):
    """As an owner writes it."""

    api_url: str
    hosts: list[str] = Field(default=[])
    key: SecretStr = SecretStr("")
    tries: int = Field(default=3, gt=0)


def test_the_settings_of_an_owner_are_read_with_those_of_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_API_URL", "https://api.example.org")
    monkeypatch.setenv("RUNTIME_HOSTS", '["a", "b"]')
    monkeypatch.setenv("RUNTIME_KEY", "secret")
    monkeypatch.setenv("RUNTIME_MARGIN", "25")
    values = OwnSettings.read()
    assert (values.api_url, values.hosts, values.tries) == ("https://api.example.org", ["a", "b"], 3)
    assert (values.key.get_secret_value(), values.margin, values.retention) == ("secret", 25, 7 * 24 * 3600)
    with pytest.raises(ValidationError, match="frozen"):
        values.margin = 30


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, r"expected RUNTIME_API_URL to be valid \(Field required\), got: "),
        ({"API_URL": "x", "TRIES": "0"}, r"expected RUNTIME_TRIES to be valid \(.* greater than 0\), got: '0'; corr"),
        ({"API_URL": "x", "MARGIN": "0"}, r"expected RUNTIME_MARGIN to be valid \(.* greater than 0\), got: '0'; corr"),
        ({"API_URL": "x", "BROKER_URL": "kafka://a"}, "expected RUNTIME_BROKER_URL to be"),
    ],
)
def test_a_setting_of_an_owner_that_is_not_valid_is_named(
    variables: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"RUNTIME_{name}", value)
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        OwnSettings.read()
