"""Tests of a producer, run by pytest in the client's environment without any broker."""

import pytest
import shop_client as client
from shop_client.testing import Published

pytest_plugins = ["shop_client.testing"]


def test_what_was_published(published: Published) -> None:
    sent = client.record_order.apply_async({"order": "1"}, countdown=60)
    with pytest.raises(client.PayloadError):
        client.record_order.delay(order=2)
    assert published(client.record_order) == [{"order": "1"}]
    assert [each.id for each in published] == [sent.id]


def test_another_test_begins_with_nothing(published: Published) -> None:
    assert published == []


def test_without_the_fixture_it_would_need_a_broker() -> None:
    with pytest.raises(client.ConfigurationError):
        client.record_order.delay(order="1")
