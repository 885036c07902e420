"""The time until Redis' messages are delivered again: renewed where delivery is atomic, else longer than any run."""

import pytest

from {{ package }} import broker, settings
from {{ package }}.errors import ConfigurationError

from .test_times import LONG, SHORT


def test_stock_delivery_waits_longer_than_the_longest_run() -> None:
    stock = settings.settings().model_copy(update={"redis_delivery": "stock"})
    options = broker.celery_settings(stock, [SHORT, LONG])["broker_transport_options"]
    assert options["visibility_timeout"] > 1000 + broker.LONGEST_DELAY - 1


def test_atomic_delivery_renews_whatever_the_run_time() -> None:
    options = broker.celery_settings(settings.settings(), [SHORT, LONG])["broker_transport_options"]
    assert options["visibility_timeout"] == settings.settings().lease


@pytest.mark.parametrize("lease", ["2", "soon"])
def test_a_lease_too_short_to_be_renewed_is_refused(lease: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{settings.PREFIX}LEASE", lease)
    with pytest.raises(ConfigurationError, match=f"{settings.PREFIX}LEASE"):
        settings.settings.__wrapped__()
