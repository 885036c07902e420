"""`make image`: builds the service's image, and sees a worker in it do a task and stop. In CI it is kept in dist/.

The container is as it is deployed: no capability, no new privilege, a root file system that is read-only but for /tmp,
and whatever user the image names. It is in the host's network, and gets the variables of the service that the
environment has: CI names its servers there. The image itself has none of the harness, so what runs is the image and
one file more: a task that does nothing, of the safest mode that the service has. The standard library alone.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

__all__ = ["ImageError", "build", "check", "keep", "main"]

RUNTIME = Path(__file__).parents[1]
ROOT = RUNTIME.parents[2]
PACKAGE = RUNTIME.parent.name
PREFIX = f"{PACKAGE.upper()}_"

PATIENCE = 120
"""Seconds until the worker is healthy, and until the task is done."""
GRACE = 30
"""Seconds to stop in; a worker without work takes two."""
LOCKED = "dependencies"
"""The stage of the Dockerfile that has uv and the lock file."""
SEALED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
TASK = '''"""Nothing, but as every task is done."""

from ..queues import Queue
from ..runtime import shared_task
from ..task import ServiceTask


@shared_task(
    base=ServiceTask,
    bind=True,
    work_queue=next(iter(Queue)),
    idempotency="{mode}",
    soft_time_limit=1,
    time_limit=2,
)
def image_check(self: ServiceTask) -> None:
    return None
'''


class ImageError(Exception):
    """What was expected of the image, and what came."""


def main(image: str) -> int:
    """Build it, check it and, in CI, keep it; prints what was seen. 0, or 1 with a sentence on standard error."""
    try:
        if (broker := f"{PREFIX}BROKER_URL") not in os.environ:
            raise ImageError(
                f"expected {broker} in the environment, got: nothing; set -a; . ./.env takes all from .env"
            )
        build(image)
        for line in check(image):
            print(line, flush=True)
        if os.environ.get("CI"):
            keep(image, ROOT / "dist")
    except FileNotFoundError as missing:
        print(f"expected {missing.filename} on PATH, got: none; install it", file=sys.stderr)
        return 1
    except ImageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(image: str) -> None:
    """Build the image under this name, labelled with the commit and, in CI, the address of its source."""
    if not (ROOT / "uv.lock").is_file():
        raise ImageError("expected uv.lock, the versions that the image gets, got: none; run make lock, and commit it")
    server, project = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    labels = {
        "revision": subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout,
        "source": f"{server}/{project}" if server else os.environ.get("CI_PROJECT_URL", ""),
    }
    labelled = [f"--label=org.opencontainers.image.{name}={value.strip()}" for name, value in labels.items() if value]
    if subprocess.run(["docker", "build", "--tag", image, *labelled, str(ROOT)]).returncode:
        raise ImageError("expected docker to build the image, got: an error, above")


def check(image: str) -> list[str]:
    """Run a worker of the image until it has done one task; lines that say what was seen. Raises ImageError."""
    name = f"{PACKAGE}-image-{uuid.uuid4().hex[:8]}"
    mode = "transactional" if (RUNTIME / "idempotency/sql").is_dir() else "lease"
    # The path that the image has for the package, whoever wrote its Dockerfile.
    where = _docker(
        "run", "--rm", "--entrypoint", "python", image, "-c", f"import {PACKAGE}; print({PACKAGE}.__path__[0])"
    )
    task = f"FROM {image}\nCOPY <<'END' {where}/tasks/image_check.py\n{TASK.format(mode=mode)}END\n"
    _docker("build", "--quiet", "--tag", name, "-", stdin=task)
    names = [*(variable for variable in os.environ if variable.startswith(PREFIX)), f"{PREFIX}NAMESPACE"]
    run = ["run", *SEALED, "--network", "host", *(f"--env={variable}" for variable in names)]
    try:
        if (RUNTIME / "cli/migrate.py").is_file():
            _docker(*run, "--rm", name, "migrate")
        _docker(*run, "--detach", "--name", name, name, "worker")
        started = time.monotonic()
        _wait(name, "a healthy worker", lambda: _health(name) == "healthy")
        seen = [f"healthy after {time.monotonic() - started:.0f} s"]
        task_id = _docker("exec", name, PACKAGE, "send", "image_check").splitlines()[-1]
        _wait(name, "the task to be done", lambda: _is_done(name, task_id))
        stopping = time.monotonic()
        _docker("stop", "-t", str(GRACE), name)
        if code := _state(name)["ExitCode"]:
            raise ImageError(f"expected the worker to stop with 0, got: {code}\n{_log(name)}")
        seen += ["a task was done", f"stopped after {time.monotonic() - stopping:.0f} s with 0"]
        size = int(_docker("image", "inspect", "--format", "{{.Size}}", image))
        user = _docker("image", "inspect", "--format", "{{.Config.User}}", image)
        return [*seen, f"{image}: {size / 1e6:.0f} MB, user {user or 'root'}"]
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], capture_output=True)
        subprocess.run(["docker", "rmi", "--force", name], capture_output=True)


def keep(image: str, folder: Path) -> None:
    """Write image.tar, which `docker load` reads, and sbom.json, CycloneDX's list of what the lock file names."""
    folder.mkdir(exist_ok=True)
    _docker("save", "--output", str(folder / "image.tar"), image)
    _docker("build", "--quiet", "--target", LOCKED, "--tag", f"{image}:{LOCKED}", str(ROOT))
    export = ["uv", "export", "--quiet", "--locked", "--format", "cyclonedx1.5"]
    (folder / "sbom.json").write_text(_docker("run", "--rm", f"{image}:{LOCKED}", *export))


def _docker(*arguments: str, stdin: str = "") -> str:
    # Names of its own on a server that others use, too; the same ones each time, so that they do not become many.
    env = {f"{PREFIX}NAMESPACE": "image"} | os.environ
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True, text=True, env=env)
    if done.returncode:
        raise ImageError(f"expected docker {' '.join(arguments[:2])} to succeed, got: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def _state(name: str) -> Any:
    return json.loads(_docker("inspect", "--format", "{{json .State}}", name))


def _health(name: str) -> Any:
    if "Health" not in (state := _state(name)):
        raise ImageError("expected the Dockerfile to have a HEALTHCHECK, got: none; restore it")
    return state["Health"]["Status"]


def _is_done(name: str, task_id: str) -> bool:
    done = subprocess.run(["docker", "exec", name, PACKAGE, "status", task_id], capture_output=True, text=True)
    return done.stdout.startswith("done")


def _wait(name: str, what: str, happened: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if not (state := _state(name))["Running"]:
            raise ImageError(f"expected {what}, got: a container that ended with {state['ExitCode']}\n{_log(name)}")
        if time.monotonic() > deadline:
            raise ImageError(f"expected {what} within {PATIENCE} s, got: {state.get('Health')}\n{_log(name)}")
        time.sleep(0.5)


def _log(name: str) -> str:
    done = subprocess.run(["docker", "logs", "--tail", "50", name], capture_output=True, text=True)
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
