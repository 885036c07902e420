"""The longest run that RabbitMQ allows: a service that breaks it does not start, and the server is told the same."""

from pathlib import Path

import pytest

from {{ package }} import broker
from {{ package }}.broker_settings import BrokerSettings
from {{ package }}.errors import ConfigurationError
from {{ package }}.settings import settings
from {{ package }}.times import MARGIN

from .test_times import LONG, SHORT


def test_a_run_longer_than_the_server_allows_is_refused() -> None:
    strict = settings().model_copy(update={"consumer_timeout": 1000 + MARGIN})
    with pytest.raises(ConfigurationError, match="_CONSUMER_TIMEOUT to be above 1010 s"):
        broker.check_times(strict, [SHORT, LONG])
    broker.check_times(strict, [SHORT])


def test_the_server_is_told_the_consumer_timeout_that_the_service_counts_on() -> None:
    told = (Path(__file__).parents[1] / "rabbitmq.conf").read_text()
    assert f"consumer_timeout = {BrokerSettings.model_fields['consumer_timeout'].default * 1000}\n" in told
