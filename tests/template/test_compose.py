"""The compose files: on a developer's machine the servers are there for the host too, in production for nobody else."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from .golden import RUNTIME
from .rendering import AXES, products, render

PRODUCTS = list(products(queue_layout="single", producer="fastapi", ci="none", deploy=["compose"], scheduler=True))
SERVERS = {"redis", "rabbitmq", "postgresql"}
PROFILES = {"prometheus": "monitoring", "grafana": "monitoring", "flower": "flower"}
"""What runs only when it is asked for, and the profile that asks."""


@pytest.mark.parametrize("broker", AXES["broker"])
def test_ports_are_published_for_this_machine_alone_and_only_in_development(broker: str, tmp_path: Path) -> None:
    for number, answers in enumerate(each for each in PRODUCTS if each["broker"] == broker):
        service = render(tmp_path / str(number), answers)
        production, development = read(service, "compose.yaml"), read(service, "compose.override.yaml")
        assert not any("ports" in each for each in production.values())
        published = {name: each["ports"] for name, each in development.items() if "ports" in each}
        assert published.keys() == production.keys() & {*SERVERS, *PROFILES, "api"}
        assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)

        # What .env names is what is published, and in the containers the same server by its name in the network.
        every = dict(re.findall(r"(?m)^(\w+_URL)=(\S+)$", (service / ".env.example").read_text()))
        shown = {variable: url for variable, url in every.items() if "_CONTAINER_" not in variable}
        assert_sealed(production, every)
        # `up --wait` calls a container failed that has no health check, and waits while one is restarted.
        checks = {name: each["healthcheck"] for name, each in production.items() if "healthcheck" in each}
        assert {name for name, check in checks.items() if "disable" in check} <= {"migrate"}
        assert {each["restart"] for name, each in production.items() if name == "migrate"} <= {"on-failure:5"}
        reloaded = {name for name, each in development.items() if each.get("develop")}
        mounted = {volume.split(":")[1] for name in reloaded for volume in development[name]["volumes"]}
        assert {f"COPY src {target}\n" for target in mounted} <= {*(service / "Dockerfile").open()}
        assert reloaded == production.keys() - SERVERS - PROFILES.keys()
        assert {name: each["profiles"] for name, each in production.items() if "profiles" in each} == {
            name: [profile]
            for name, profile in PROFILES.items()
            if answers["observe"] and (name == "flower" or "metrics" in answers["observe"])
        }
        ports = {port.split(":")[1]: name for name, each in published.items() for port in each}
        for name, container in production.items():
            if name not in SERVERS and name not in PROFILES:
                inside = container["environment"]
                assert container["init"] is True, name
                assert inside.keys() == shown.keys()
                for variable, url in shown.items():
                    assert urlsplit(url).hostname == "127.0.0.1"
                    server = ports[str(urlsplit(url).port)]
                    assert interpolated(inside[variable], every) == url.replace("127.0.0.1", server), (name, variable)
                    # A project's own .env that names each server once says what containers use, too.
                    assert interpolated(inside[variable], {variable: "redis://mine:6379/0"}) == "redis://mine:6379/0"


def test_prometheus_asks_every_process_that_counts_and_grafana_has_what_it_is_told_of(tmp_path: Path) -> None:
    answers = {"idempotency_store": "postgresql", "producer": "fastapi", "scheduler": True, "observe": ["metrics"]}
    service = render(tmp_path / "shop", {**answers, "package": "shop"})
    compose = yaml.safe_load((service / "compose.yaml").read_text())
    (job,) = yaml.safe_load((service / "monitoring" / "prometheus.yml").read_text())["scrape_configs"]
    (name,) = job["dns_sd_configs"][0]["names"]
    networks = {each: what.get("networks") for each, what in compose["services"].items()}
    asked = {each for each, what in networks.items() if what == {"default": {"aliases": [name]}}}
    assert asked == {"worker-default", "beat", "relay", "exporter"}
    check = compose["services"]["exporter"]["healthcheck"]["test"][-1]
    assert f"127.0.0.1', {job['dns_sd_configs'][0]['port']})" in check
    names = re.findall(r'(\w+)": f"{server_name\(\)}(\.\w+)"', (RUNTIME / "app.py").read_text())
    assert all(each in compose["services"]["flower"]["build"]["dockerfile_inline"] for pair in names for each in pair)
    assert len(names) == 2
    grafana = compose["services"]["grafana"]
    (mounted,) = grafana["volumes"]
    source, target, _ = mounted.split(":")
    assert (service / source).is_file()
    given = {
        each["source"]: yaml.safe_load(compose["configs"][each["source"]]["content"]) for each in grafana["configs"]
    }
    assert given["dashboards"]["providers"][0]["options"]["path"] == str(Path(target).parent)
    assert given["datasources"]["datasources"][0]["type"] == "prometheus"


def assert_sealed(services: dict[str, Any], urls: dict[str, str]) -> None:
    """Our own write to /tmp alone and have no privilege; each password is the owner's to choose, or compose fails."""
    variables = []
    for name, each in services.items():
        if name not in SERVERS and name not in PROFILES:
            sealed = (each["read_only"], each["tmpfs"], each["cap_drop"], each["security_opt"])
            assert sealed == (True, "/tmp", ["ALL"], ["no-new-privileges:true"]), name
        variables += [value for variable, value in each.get("environment", {}).items() if "PASS" in variable]
    assert len(variables) == len(services.keys() & {"rabbitmq", "postgresql"})
    chosen = [re.fullmatch(r"(\$\{\w+_PASSWORD):\?choose one in \.env\}", value) for value in variables]
    assert all(chosen), variables
    for url in urls.values():
        assert urlsplit(url).password in (None, *(f"{found[1]}}}" for found in chosen if found)), url


@pytest.mark.parametrize(
    ("service", "key", "value"),
    [
        ("postgresql", "environment", {"POSTGRES_PASSWORD": "postgres"}),
        ("postgresql", "environment", {"POSTGRES_PASSWORD": "${POSTGRES_PASSWORD:-postgres}"}),
        ("worker-default", "read_only", False),
        ("migrate", "cap_drop", []),
    ],
)
def test_an_offence_is_caught(service: str, key: str, value: Any, tmp_path: Path) -> None:
    answers = {"idempotency_store": "postgresql", "package": "shop"}
    services = read(render(tmp_path / "shop", answers), "compose.yaml")
    assert_sealed(services, {})
    services[service][key] = value
    with pytest.raises(AssertionError):
        assert_sealed(services, {})


def interpolated(value: str, environ: dict[str, str]) -> str:
    """`${ONE:-$OTHER}` as compose reads it."""
    found = re.fullmatch(r"\$\{(\w+):-\$(\w+)\}", value)
    assert found, value
    return environ.get(found[1]) or environ[found[2]]


def read(service: Path, name: str) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((service / name).read_text())["services"]
    return services
