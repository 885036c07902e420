"""The Kubernetes manifests: what a cluster would refuse, and what it would take and do wrong, is caught."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.brokers.rabbitmq import RabbitmqBroker
from runtime.brokers.redis import RedisBroker
from runtime.queues import QueueClass
from runtime.settings import NAME, Settings

from .manifests import build, problems
from .rendering import render

ANSWERS: dict[str, Any] = {
    "service_name": "Shop",
    "package": "shop",
    "idempotency_store": "postgresql",
    "scheduler": True,
    "producer": "fastapi",
    "queue_layout": "latency",
    "deploy": ["kubernetes"],
}


METRICS = str({"containerPort": 9464, "name": "metrics"})


@pytest.fixture(scope="module", params=["redis", "rabbitmq", "metrics"])
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = {"observe": ["metrics"]} if request.param == "metrics" else {"broker": request.param}
    return render(tmp_path_factory.mktemp(request.param) / "shop", {**ANSWERS, **chosen}) / "kubernetes"


def test_a_cluster_takes_them(rendered: Path) -> None:
    built = build(rendered)
    assert problems(built) == []
    deployments = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in built if "replicas" in str(each)
    }
    assert deployments
    assert all(spec["shareProcessNamespace"] for spec in deployments.values())
    grace = {each["metadata"]["name"]: grace_of(each) for each in built if each["kind"] == "Deployment"}
    assert grace == dict.fromkeys(["shop-exporter"] if (rendered / "monitoring.yaml").is_file() else []) | {
        "shop-worker-within-10s": 30,
        "shop-worker-within-1m": 80,
        "shop-worker-within-1h": 1520,
        "shop-api": None,
        "shop-beat": None,
        "shop-relay": None,
    }


def grace_of(deployment: Any) -> int | None:
    seconds: int | None = deployment["spec"]["template"]["spec"].get("terminationGracePeriodSeconds")
    return seconds


def test_autoscalers_count_where_the_service_keeps_its_messages(rendered: Path) -> None:
    settings, queue = Settings(broker_url="memory://"), QueueClass("within_1m", 60)
    scaled = next(
        each for each in build(rendered) if each["kind"] == "ScaledObject" and "1m" in each["metadata"]["name"]
    )
    found = {trigger.get("name"): trigger["metadata"] for trigger in scaled["spec"]["triggers"]}
    if (rendered / "monitoring.yaml").is_file():
        keys = [f'celery_queue_messages_{figure}{{queue="within_1m"}}' for figure in ("waiting", "in_work")]
        shown = [metadata["valueLocation"].replace(NAME, "shop", 1) for metadata in found.values()]
    elif "waiting" in found:
        options = RedisBroker(settings).celery_settings([queue])["broker_transport_options"]
        keys = [RedisBroker(settings).task_queues([queue])[0].name, options["unacked_key"]]
        shown = [found["waiting"]["listName"], found["in_work"]["listName"]]
    else:
        keys = [RabbitmqBroker(settings).task_queues([queue])[0].name]
        shown = [found[None]["queueName"]]
    assert shown == [key.replace(NAME, "shop", 1) for key in keys]


def test_what_watches_the_service_knows_it_by_its_name(tmp_path: Path) -> None:
    service = render(tmp_path / "shop", {**ANSWERS, "observe": ["metrics"]})
    kustomization = service / "kubernetes" / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("namespace: shop", "namespace: orders"))
    built = build(service / "kubernetes")
    rules = next(each for each in built if each["kind"] == "PrometheusRule")
    assert rules["spec"] == yaml.safe_load((service / "monitoring" / "alerts.yaml").read_text())
    monitor = next(each["spec"] for each in built if each["kind"] == "PodMonitor")
    assert monitor["podMetricsEndpoints"] == [{"port": "metrics", "interval": rules["spec"]["groups"][0]["interval"]}]
    pods = [each["spec"]["template"] for each in built if each["kind"] == "Deployment"]
    assert {pod["metadata"]["labels"][monitor["jobLabel"]] for pod in pods} == {"shop"}
    scraped = {pod["containers"][0]["args"][0] for pod in (each["spec"] for each in pods) if METRICS in str(pod)}
    assert scraped == {"worker", "beat", "relay", "metrics"}
    (exporter,) = (each for each in built if each["kind"] == "Service" and "exporter" in each["metadata"]["name"])
    address = "{name}.{namespace}.svc".format(**exporter["metadata"])
    triggers = [trigger for each in built if each["kind"] == "ScaledObject" for trigger in each["spec"]["triggers"]]
    assert {trigger["metadata"]["url"] for trigger in triggers} == {f"http://{address}:9464/metrics"}


@pytest.fixture(scope="module")
def on_redis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("offences") / "shop", ANSWERS) / "kubernetes"


@pytest.fixture
def manifests(on_redis: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return Path(shutil.copytree(on_redis, tmp_path / "kubernetes"))


OFFENCES = {
    "fields": [
        ("workers.yaml", "terminationGracePeriodSeconds: 30", "terminationGracePeriod: 30", "terminationGracePeriod'"),
        ("workers.yaml", "maxReplicaCount: 10", "maxReplicas: 10", "'maxReplicas'"),
        ("workers.yaml", "Name: shop.within_1m", "Nam: shop.within_1m", "'listNam'"),
        ("workers.yaml", "maxUnavailable: 1", "maxUnavailables: 1", "'maxUnavailables'"),
        ("processes.yaml", "args: .relay.", "arg: [relay]", "'arg'"),
        ("scaling.yaml", "300", "300s", "'300s'"),
        ("processes.yaml", "targetPort: 8000", "targetPort: [8000]", r"\[8000\]"),
        ("network.yaml", "podSelector:", "podSelectors:", "'podSelector"),
    ],
    "objects": [
        ("workers.yaml", r" +terminationGracePeriodSeconds: 80\n", "", "within-1m: expected the grace period"),
        (
            "workers.yaml",
            "Ref: { name: shop-worker-within-1m }",
            "Ref: { name: shop-1m }",
            "of shop-1m: expected",
        ),
        (
            "workers.yaml",
            "(?s)(Budget.*?component: worker)-within-10s",
            r"\1-10s",
            "Budget shop.*10s: .*, got: ",
        ),
        (
            "workers.yaml",
            "(name: shop-worker)-within-1h\nspec:\n  max",
            r"\1\nspec:\n  max",
            "1h: expected a dis",
        ),
        ("scaling.yaml", "minReplicaCount: 1", "minReplicaCount: 0", "expected one pod at least"),
        ("workers.yaml", "formula: waiting [+] in_work", "formula: waiting", "expected a formula of all its triggers"),
        ("processes.yaml", "(?s)(kind: Service.*?component: )api", r"\1apis", "Service shop-api: .*, got: "),
        ("processes.yaml", "type: Recreate", "type: RollingUpdate", "beat: expected the old one to stop"),
        ("processes.yaml", r"  replicas: 1\n", "", "relay: expected a number of pods or an autoscaler"),
        ("network.yaml", "io/name: shop }", "io/component: api }", "shop: expected to select every pod"),
        ("network.yaml", r"\[Ingress, Egress\]", "[Egress]", "expected to deny ingress"),
        ("network.yaml", "(?s)egress:\n.*", "egress: [{}]\n", "expected to deny egress"),
    ],
    "pods": [
        ("pods.yaml", "runAsNonRoot: true, ", "", "beat: expected no root"),
        ("pods.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "migrate: .*a read-only root"),
        ("pods.yaml", "enableServiceLinks: false", "enableServiceLinks: true", "variables of other services"),
        ("pods.yaml", ", { secretRef: { name: shop } }", "", "expected its secrets by reference"),
        ("pods.yaml", "[{] name: tmp, mountPath: /tmp [}]", "", "expected a folder to write to"),
        ("kustomization.yaml", "worker-.*[|]", "", "worker-within-10s, .*: expected probes"),
        ("processes.yaml", ", limits: { memory: 256Mi }", "", "relay, .*: expected requests and limits"),
        ("kustomization.yaml", "newTag: 0.1.0", "newTag: latest", "an image with a version, got: .*:latest"),
        ("kustomization.yaml", "  - network.yaml\n", "", "expected a NetworkPolicy"),
    ],
    "privileges": [
        ("pods.yaml", ", seccompProfile: { type: RuntimeDefault }", "", "the runtime's seccomp profile"),
        ("pods.yaml", "drop: ", "add: ", "expected no capabilities"),
        (
            "pods.yaml",
            "configMapRef: { name: shop }",
            "configMapRef: { name: shops }",
            "are there, got: {'shops'}",
        ),
    ],
    "a mount": [("pods.yaml", "mountPath:", "mountpath:", "'mountPath'")],
    "a file": [("kustomization.yaml", "  - workers.yaml", "  - worker.yaml", "worker.yaml")],
    "a key": [("kustomization.yaml", "pairs:", "pair:", "pair")],
}
"""Edits of a file by patterns, and what is then wrong."""


@pytest.mark.parametrize("kind", OFFENCES)
def test_an_offence_is_caught(kind: str, manifests: Path) -> None:
    for name, old, new, _ in OFFENCES[kind]:
        text = (manifests / name).read_text()
        changed = re.sub(old, new, text)
        assert changed != text, old
        (manifests / name).write_text(changed)
    try:
        found = "\n".join(problems(build(manifests)))
    except AssertionError as refused:
        found = str(refused)
    assert [expected for *_, expected in OFFENCES[kind] if not re.search(expected, found)] == [], found


def test_a_secret_in_a_file_is_caught(manifests: Path) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}, "stringData": {"a": "b"}}
    with (manifests / "network.yaml").open("a") as file:
        file.write("---\n" + yaml.safe_dump(secret))
    assert "Secret shop: expected no secret in a file" in problems(build(manifests))
