"""Kubernetes manifests, built as `kubectl apply -k` does: whether fields exist, and whether they fit one another."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

__all__ = ["KUBERNETES", "Manifest", "build", "problems"]

KUBERNETES = "1.37"
"""The release whose schemas the manifests are held against."""

SCHEMAS = Path(__file__).parent / "schemas"
"""Of the custom resources: one file for each kind."""

KUBECTL = Path(sys.executable).with_name("kubectl")

Manifest = dict[str, Any]


def build(folder: Path) -> list[Manifest]:
    """What `folder`, which has a kustomization.yaml, is built to; raises AssertionError with kustomize's reason."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.load_all(done.stdout, yaml.CSafeLoader))


def problems(manifests: list[Manifest]) -> list[str]:
    """What is wrong with `manifests`; nothing if a cluster takes them and they do what they are for."""
    wrong = [f"{named(each)}: {problem}" for each in manifests for problem in schema_problems(json.dumps(each))]
    return wrong or [*fit_problems(manifests), *pod_problems(manifests), *scaling_problems(manifests)]


def named(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


@cache
def schema(kind: str) -> Any:
    """A custom resource's schema, or None if Kubernetes has the kind itself."""
    file = SCHEMAS / f"{kind.lower()}.yaml"
    return yaml.safe_load(file.read_text()) if file.is_file() else None


@cache
def schema_problems(text: str) -> list[str]:
    """Fields of a manifest, as JSON, that are unknown, missing or of another type."""
    manifest = json.loads(text)
    if own := schema(manifest["kind"]):
        return [error.message for error in jsonschema.Draft202012Validator(own).iter_errors(manifest)]
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return [str(error.message)]
    return []


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def selects(selector: Mapping[str, str], deployment: Manifest) -> bool:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return selector.items() <= labels.items()


def fit_problems(manifests: list[Manifest]) -> Iterator[str]:
    """Names that are too long or taken, and selectors that select nothing, too much or too little."""
    deployments = of_kind(manifests, "Deployment")
    names = [named(each) for each in manifests]
    yield from (f"{name}: expected one of this name" for name in {*names} if names.count(name) > 1)
    for each in manifests:
        # KEDA's autoscaler is called keda-hpa-NAME.
        if not re.fullmatch("[a-z]([-a-z0-9]{0,52}[a-z0-9])?", each["metadata"]["name"]):
            yield f"{named(each)}: expected a label of at most 54 characters"
        spec = each.get("spec", {})
        one = {"Deployment": "selector", "PodDisruptionBudget": "selector", "Service": "selector"}.get(each["kind"])
        if one:
            selector = spec[one] if each["kind"] == "Service" else spec[one]["matchLabels"]
            chosen = [other["metadata"]["name"] for other in deployments if selects(selector, other)]
            if len(chosen) != 1 or (each["kind"] == "Deployment" and chosen != [each["metadata"]["name"]]):
                yield f"{named(each)}: expected to select one Deployment's pods, got: {chosen}"
        if each["kind"] in ("NetworkPolicy", "PodMonitor"):
            selector = (spec.get("podSelector") or spec["selector"])["matchLabels"]
            if each["kind"] == "NetworkPolicy" and not all(selects(selector, other) for other in deployments):
                yield f"{named(each)}: expected to select every pod"
            if not any(selects(selector, other) for other in deployments):
                yield f"{named(each)}: expected to select pods"
    for kind, policies in (("Ingress", "ingress"), ("Egress", "egress")):
        for each in of_kind(manifests, "NetworkPolicy"):
            if kind not in each["spec"]["policyTypes"] or {} in each["spec"].get(policies, []):
                yield f"{named(each)}: expected to deny {policies} that it does not name"
    if not of_kind(manifests, "NetworkPolicy"):
        yield "expected a NetworkPolicy"


def pod_problems(manifests: list[Manifest]) -> Iterator[str]:
    """Pods that the Pod Security Standard `restricted` refuses, that write, or that carry what is secret."""
    yield from (f"{named(each)}: expected no secret in a file" for each in of_kind(manifests, "Secret"))
    known = {each["metadata"]["name"] for each in of_kind(manifests, "ConfigMap")}
    for each in of_kind(manifests, "Deployment"):
        pod = each["spec"]["template"]["spec"]
        security = pod.get("securityContext", {})
        if security.get("runAsNonRoot") is not True or security.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{named(each)}: expected no root and the runtime's seccomp profile"
        if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
            yield f"{named(each)}: expected neither a token of the API server nor variables of other services"
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            where = f"{named(each)}, container {container['name']}"
            if container.get("securityContext") != {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }:
                yield f"{where}: expected no capabilities and a read-only root file system"
            if container.get("resources", {}).keys() != {"requests", "limits"}:
                yield f"{where}: expected requests and limits"
            if re.search(":latest$|^[^:]+$", container["image"].rpartition("/")[2]):
                yield f"{where}: expected an image with a version, got: {container['image']}"
            sources = container.get("envFrom", [])
            if not any("secretRef" in source for source in sources):
                yield f"{where}: expected its secrets by reference"
            if maps := {source["configMapRef"]["name"] for source in sources if "configMapRef" in source} - known:
                yield f"{where}: expected ConfigMaps that are there, got: {maps}"
            if container in pod["containers"] and not {"livenessProbe", "readinessProbe"} <= container.keys():
                yield f"{where}: expected probes"
            if "tmp" not in {mount["name"] for mount in container.get("volumeMounts", [])}:
                yield f"{where}: expected a folder to write to"


def scaling_problems(manifests: list[Manifest]) -> Iterator[str]:
    """Autoscalers of nothing, Deployments with none and no number, and workers that lose work when they are stopped."""
    scaled = {}
    for each in of_kind(manifests, "ScaledObject"):
        scaled[each["spec"]["scaleTargetRef"]["name"]] = each
        names = [trigger.get("name") for trigger in each["spec"]["triggers"]]
        formula = each["spec"]["advanced"].get("scalingModifiers", {}).get("formula")
        if (formula or len(names) > 1) and re.findall("[a-z_]+", formula or "") != names:
            yield f"{named(each)}: expected a formula of all its triggers, got: {formula} of {names}"
        if each["spec"].get("minReplicaCount", 0) < 1:
            yield f"{named(each)}: expected one pod at least"
    budgets = {each["metadata"]["name"] for each in of_kind(manifests, "PodDisruptionBudget")}
    for each in of_kind(manifests, "Deployment"):
        name, spec = each["metadata"]["name"], each["spec"]
        pod = spec["template"]["spec"]
        if ("replicas" in spec) == (name in scaled):
            yield f"{named(each)}: expected a number of pods or an autoscaler, and not both"
        if spec.get("replicas") != 1 and name not in budgets:
            yield f"{named(each)}: expected a disruption budget"
        if "-worker-" in name and "terminationGracePeriodSeconds" not in pod:
            yield f"{named(each)}: expected the grace period of its queue"
        if name.endswith("-beat") and spec.get("strategy") != {"type": "Recreate"}:
            yield f"{named(each)}: expected the old one to stop before the new one starts"
    deployments = {each["metadata"]["name"] for each in of_kind(manifests, "Deployment")}
    yield from (f"ScaledObject of {name}: expected a Deployment" for name in scaled.keys() - deployments)
