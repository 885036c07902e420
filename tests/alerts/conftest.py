"""Services of several answers, rendered."""

from pathlib import Path
from typing import Any

import pytest

from tests.template.rendering import render

ANSWERS: dict[str, dict[str, Any]] = {
    "all rules": {
        "broker": "redis",
        "idempotency_store": "postgresql",
        "scheduler": True,
        "queue_layout": "latency",
        "deploy": ["compose", "kubernetes"],
    },
    "no circuits, no schedule": {"broker": "rabbitmq", "idempotency_store": "postgresql", "deploy": []},
    "no relay": {"broker": "rabbitmq", "idempotency_store": "redis", "scheduler": True, "queue_layout": "priority"},
}


@pytest.fixture(scope="session", params=ANSWERS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered service with the package `shop`, which has metrics."""
    answers = {"service_name": "Web Shop", "package": "shop", "observe": ["metrics"], **ANSWERS[request.param]}
    return render(tmp_path_factory.mktemp("service") / "shop", answers)
