"""What Celery is told about each broker, and the timeout budget that a broker does not allow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime import ConfigurationError, QueueClass
from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.redis import RedisBroker
from runtime.brokers.redis.settings import RedisSettings
from runtime.settings import settings

SHORT, LONG = QueueClass("short", max_runtime=10), QueueClass("long", max_runtime=1000)
SERVICE = Path(__file__).parents[2] / "template" / "service"

SetVariables = Callable[..., None]


def test_rabbitmq_refuses_a_run_longer_than_the_server_allows(set_variables: SetVariables) -> None:
    margin = settings().margin
    short = RabbitmqBroker(settings(), consumer_timeout=1000 + margin)
    with pytest.raises(ConfigurationError, match="RUNTIME_CONSUMER_TIMEOUT to be above 1010 s"):
        short.celery_settings([SHORT, LONG])
    short.celery_settings([SHORT])
    RabbitmqBroker(settings(), consumer_timeout=1001 + margin).celery_settings([SHORT, LONG])
    set_variables(CONSUMER_TIMEOUT=1001 + margin)
    RabbitmqBroker(settings(), consumer_timeout=1000 + margin).celery_settings([SHORT, LONG])


def test_rabbitmq_is_told_the_consumer_timeout_that_the_service_counts_on() -> None:
    default = RabbitmqBroker(settings()).consumer_timeout
    assert (
        f"consumer_timeout = {default * 1000}\n" in (SERVICE / "{% if rabbitmq %}rabbitmq.conf{% endif %}").read_text()
    )
    assert f"consumer_timeout={default})" in (SERVICE / "src" / "{{package}}" / "app.py.jinja").read_text()


def test_stock_delivery_on_redis_waits_longer_than_the_longest_run(set_variables: SetVariables) -> None:
    set_variables(REDIS_DELIVERY="stock")
    options = RedisBroker(settings()).celery_settings([SHORT, LONG])["broker_transport_options"]
    assert options["visibility_timeout"] == 1000 + RedisSettings.model_fields["stock_max_delay"].default
    set_variables(STOCK_MAX_DELAY=50)
    options = RedisBroker(settings()).celery_settings([SHORT, LONG])["broker_transport_options"]
    assert options["visibility_timeout"] == 1000 + 50


def test_atomic_delivery_on_redis_renews_whatever_the_run_time(set_variables: SetVariables) -> None:
    set_variables(LEASE=7)
    options = RedisBroker(settings()).celery_settings([SHORT, LONG])["broker_transport_options"]
    assert options["visibility_timeout"] == 7
