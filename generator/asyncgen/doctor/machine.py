"""The programs that asyncgen and a service use, looked for on PATH and not run, and where templates come from."""

import os
import platform
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ..clones import address_of, in_clone, is_local, path_of
from ..service import Service
from ..source import installed_from
from ..template_cache import bundled
from .finding import Finding, asked, unknown, warning

__all__ = ["examine_machine"]

_INSTALL = {"apt-get": "sudo apt-get install", "dnf": "sudo dnf install", "apk": "sudo apk add", "brew": "brew install"}
_PACKAGES = {
    "git": ("git", "git", "git", "git"),
    "make": ("make", "make", "make", "make"),
    "docker": ("docker.io", "moby-engine", "docker", "--cask docker"),
    "redis": ("redis-server", "redis", "redis", "redis"),
    "rabbitmq": ("rabbitmq-server", "rabbitmq-server", "rabbitmq-server", "rabbitmq"),
    "postgresql": ("postgresql", "postgresql-server", "postgresql", "postgresql"),
}
"""What each of the package managers calls a program."""
_SERVERS = {
    "redis": ("redis-server", "valkey-server"),
    "rabbitmq": ("rabbitmq-server",),
    "postgresql": ("postgres",),
}
_PLACES = (
    *("/usr/lib/rabbitmq/bin", "/opt/homebrew/sbin", "/usr/local/sbin", "/usr/sbin"),
    *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))),
)
"""Where distributions put servers, beside PATH."""
_VARIABLES = {"broker": "BROKER_URL", "idempotency_store": "IDEMPOTENCY_URL", "results": "RESULT_URL"}
"""The variable that names the server of each answer."""
_STANDS_IN = {"redis": "fakeredis", "postgresql": "SQLite"}
"""What make test and make demo take where there is no server."""


def examine_machine(service: Service | None) -> Iterator[Finding]:
    """Look for what this service needs; without one, for what any would."""
    yield Finding("Python", True, f"{platform.python_version()} at {sys.executable}")
    yield _program("git", "asyncgen new and asyncgen update need it")
    yield _program("make", "a service has its commands in a Makefile")
    yield _uv()
    if service is None or {"compose", "kubernetes"} & {*(service.answers.get("deploy") or ())}:
        yield _program("docker", "make image and docker compose need it")
    for server in _SERVERS:
        variables = _variables(server, service)
        if service is None or variables:
            yield _server(server, variables)
    yield asked("template", _template, "asyncgen template show", by_git=True)


def _program(name: str, otherwise: str) -> Finding:
    if found := shutil.which(name):
        return Finding(name, True, found)
    return warning(name, f"not on PATH; {otherwise}", _install(name))


def _uv() -> Finding:
    if found := shutil.which("uv"):
        return Finding("uv", True, found)
    return Finding("uv", True, "not on PATH; make takes venv and pip instead")


def _variables(server: str, service: Service | None) -> list[str]:
    """The variables that would name a server of that kind to the service."""
    if service is None:
        return []
    prefix = service.package.upper()
    return [f"{prefix}_{name}" for question, name in _VARIABLES.items() if service.answers.get(question) == server]


def _server(server: str, variables: list[str]) -> Finding:
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PLACES])
    for name in _SERVERS[server]:
        if found := shutil.which(name, path=places):
            return Finding(server, True, found)
    unset = [name for name in variables if not os.environ.get(name)]
    if variables and not unset:
        return Finding(server, True, f"not on this machine; {' and '.join(variables)} are set")
    instead = _STANDS_IN.get(server)
    otherwise = f"make test and make demo take {instead}" if instead else "make test and make demo skip what needs it"
    named = f", and {' and '.join(unset)} not set" if unset else ""
    return warning(server, f"not on this machine{named}: {otherwise}", _install(server))


def _install(name: str) -> str:
    for column, (manager, install) in enumerate(_INSTALL.items()):
        if shutil.which(manager):
            return f"{install} {_PACKAGES[name][column]}"
    return f"install {name}, and put it on PATH"


def _template() -> Finding:
    """The template of a new project. A URL is not asked, since that takes the network."""
    named = os.environ.get("ASYNCGEN_TEMPLATE")
    by = "which ASYNCGEN_TEMPLATE names" if named else "which asyncgen was installed from"
    place = (path_of(named) if is_local(named) else (named, None)) if named else installed_from()
    if isinstance(place, tuple):
        ask = f"git ls-remote {shlex.quote(address_of(place[0]))}"
        return unknown("template", f"{place[0]}, {by}: not asked, since that takes the network", ask)
    if place:
        template = in_clone(place, None)
        return Finding(
            "template", True, " ".join(filter(None, [f"{template.name} of {place}, {by}.", template.notice]))
        )
    if releases := bundled():
        return Finding("template", True, f"{releases[-1].version}, which this asyncgen has with it")
    return Finding(
        "template", False, "none: this asyncgen is a wheel without releases", fix="export ASYNCGEN_TEMPLATE=PATH_OR_URL"
    )
