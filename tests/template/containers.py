"""A Docker engine where one runs: its images, and servers in containers."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.testing.servers.process import until

__all__ = ["Server", "docker", "engine", "missing_engine", "server"]


def docker(*arguments: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(["docker", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def has_image(name: str) -> bool:
    return subprocess.run(["docker", "image", "inspect", name], capture_output=True).returncode == 0


def missing_engine() -> str:
    """Why no image can be built here; "" if one can."""
    if not shutil.which("docker"):
        return "docker is not installed"
    if subprocess.run(["docker", "version"], capture_output=True).returncode:
        return "no Docker engine answers"
    base = "python:3.13-slim"
    return "" if has_image(base) or not subprocess.run(["docker", "pull", base]).returncode else f"there is no {base}"


def answers(name: str, shows: str) -> bool:
    """Whether the server in a container answers; fails where it has ended, as on a port that is taken."""
    running = docker("inspect", "--format", "{{.State.Running}}", name)
    if running != "true":
        ended = subprocess.run(["docker", "logs", "--tail", "20", name], capture_output=True, text=True)
        pytest.fail(f"expected a server, got: {ended.stdout}{ended.stderr}")
    return subprocess.run(["docker", "exec", name, *shows.split()], capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine that has the base image; there is none in CI."""
    if missing := missing_engine():
        pytest.skip(missing)


Server = Callable[[str, str], None]


@pytest.fixture
def server(engine: None) -> Iterator[Server]:
    """Starts a server in the network of the engine's host: its image, and a command that succeeds once it answers."""
    names = []

    def start(image: str, shows: str) -> None:
        if not has_image(image):
            pytest.skip(f"there is no {image}")
        environment = ["--env", "POSTGRES_PASSWORD=postgres"]
        name = docker("run", "--detach", "--network", "host", "--health-cmd", shows, *environment, image)
        names.append(name)
        until(lambda: answers(name, shows), 60)

    yield start
    for name in names:
        docker("rm", "--force", "--volumes", name)
