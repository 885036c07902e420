"""What is compared: each a worker, a publisher, and where its messages wait."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PACKAGES", "Variant", "variants"]

PACKAGES = {
    "plain_redis": {"broker": "redis", "idempotency_store": "redis"},
    "plain_rabbitmq": {"broker": "rabbitmq", "idempotency_store": "redis"},
    "metered_redis": {"broker": "redis", "observe": ["metrics"]},
    "metered_rabbitmq": {"broker": "rabbitmq", "observe": ["metrics"]},
    "sql_redis": {"broker": "redis", "idempotency_store": "postgresql"},
    "sql_rabbitmq": {"broker": "rabbitmq", "idempotency_store": "postgresql"},
    "traced_redis": {"broker": "redis", "observe": ["traces"]},
    "traced_rabbitmq": {"broker": "rabbitmq", "observe": ["traces"]},
    "observed_redis": {"broker": "redis", "observe": ["metrics", "traces"]},
    "observed_rabbitmq": {"broker": "rabbitmq", "observe": ["metrics", "traces"]},
    "observedsql_redis": {"broker": "redis", "idempotency_store": "postgresql", "observe": ["metrics", "traces"]},
    "observedsql_rabbitmq": {
        "broker": "rabbitmq",
        "idempotency_store": "postgresql",
        "observe": ["metrics", "traces"],
    },
}
"""The services that are rendered, and their answers."""

PYTHON = [sys.executable, "-m"]
TASKS = "benchmarks.throughput"
ONE_IN_TEN = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
CELERY = ["worker", "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]


@dataclass(frozen=True)
class Variant:
    """`waits` are Redis' lists and hashes, or RabbitMQ's queue."""

    name: str
    worker: list[str]
    publish: tuple[str, ...]
    """The module whose `publish` is called, and its arguments before the number of tasks."""
    waits: list[str]
    env: dict[str, str] = field(default_factory=dict)
    against: str = "bare Celery"
    """The name of the variant that it is compared with."""


def variants(broker: str, urls: dict[str, str]) -> list[Variant]:
    """Those of one broker. `urls`: broker, redis (a store), sql, collector (of traces)."""
    peers = [
        Variant(
            name,
            [*PYTHON, "celery", "-A", f"{TASKS}.peer_tasks", *CELERY],
            (f"{TASKS}.peer_tasks",),
            ["celery", "unacked"] if broker == "redis" else ["celery"],
            {"BENCH_PEER": peer, "BENCH_BROKER": urls["broker"], "BENCH_REDIS": urls["redis"]},
        )
        for peer, name in {"bare": "bare Celery", "once": "celery-once", "singleton": "celery-singleton"}.items()
    ]
    dramatiq = Variant(
        "dramatiq",
        [str(Path(sys.executable).with_name("dramatiq")), f"{TASKS}.dramatiq_tasks", "--processes=2", "--threads=1"],
        (f"{TASKS}.dramatiq_tasks",),
        ["dramatiq:default.msgs"] if broker == "redis" else ["default"],
        {"BENCH_BROKER": urls["broker"]},
    )
    return [
        peers[0],
        service(broker, urls, "service, delivery alone", "plain", "natural"),
        service(
            broker, urls, "service, delivery alone, metrics", "metered", "natural", against="service, delivery alone"
        ),
        service(broker, urls, "service, delivery alone, `publish_many`", "plain", "natural", at_once=True),
        service(broker, urls, "service, `lease`", "plain", "lease"),
        service(broker, urls, "service, `lease`, metrics", "metered", "lease", against="service, `lease`"),
        service(broker, urls, "service, `lease`, `publish_many`", "plain", "lease", at_once=True),
        *(
            service(
                broker, urls, f"service, `lease`, {what}", kind, "lease", against="service, `lease`", sampler=sampler
            )
            for what, kind, sampler in (
                ("traces", "traced", {}),
                ("metrics and traces", "observed", {}),
                ("traces of 1 in 10", "traced", ONE_IN_TEN),
                ("traces of all", "traced", {"OTEL_TRACES_SAMPLER": "parentbased_always_on"}),
            )
        ),
        *peers[1:],
        dramatiq,
        service(broker, urls, "service, a row in SQL", "sql", "effect"),
        service(broker, urls, "service, the row, `transactional`", "sql", "keyed", against="service, a row in SQL"),
        service(
            broker,
            urls,
            "service, the row, `transactional`, metrics and traces",
            "observedsql",
            "keyed",
            against="service, the row, `transactional`",
            sampler={},
        ),
    ]


def service(
    broker: str,
    urls: dict[str, str],
    name: str,
    kind: str,
    task: str,
    at_once: bool = False,
    against: str = "bare Celery",
    sampler: dict[str, str] | None = None,
) -> Variant:
    """A variant of a rendered service. sampler: OpenTelemetry's variables for it, where traces are exported."""
    package = f"{kind}_{broker}"
    store = urls["sql" if kind.endswith("sql") else "redis"]
    prefix = package.upper()
    return Variant(
        name,
        [*PYTHON, f"{TASKS}.service_tasks"],
        (f"{TASKS}.service_tasks", task, "at once" if at_once else "one by one"),
        [f"{package}.default", f"{package}.unacked"] if broker == "redis" else [f"{package}.default"],
        {
            "BENCH_PACKAGE": package,
            "BENCH_STORE": store,
            f"{prefix}_BROKER_URL": urls["broker"],
            f"{prefix}_IDEMPOTENCY_URL": store,
            f"{prefix}_LOG_LEVEL": "WARNING",
            f"{prefix}_METRICS_PORT": "0",  # what is counted is measured, and not what looks at it every few seconds
            **({} if sampler is None else {"OTEL_EXPORTER_OTLP_ENDPOINT": urls["collector"], **sampler}),
        },
        against,
    )
