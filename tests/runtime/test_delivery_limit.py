"""Runs of a redelivered message count towards the delivery limit unless they end: by themselves, in any way."""

from contextlib import suppress
from uuid import uuid4

import pytest
from celery.exceptions import Ignore, Reject, Retry

from runtime.delivery_limit import counting
from runtime.testing.delivery import InProcessService

from .service.app import app


@pytest.mark.parametrize(
    ("end", "counted"),
    [(Retry(), 0), (Ignore(), 0), (ValueError(), 0), (Reject("it comes back", requeue=True), 1), (MemoryError(), 1)],
    ids=repr,
)
def test_a_run_that_ends_is_not_counted_unless_it_is_requeued(
    service: InProcessService, end: Exception, counted: int
) -> None:
    task_id, store = uuid4().hex, app.service.open_store()
    with suppress(type(end)), counting(app.service, {"id": task_id, "retries": 0, "x-delivery-count": 1}):
        assert store.runs(f"{task_id}:0:0") == 1
        raise end
    assert store.runs(f"{task_id}:0:0") == counted
