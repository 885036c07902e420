"""The image of a service: what it holds, and what it does where a Docker engine runs.

Without an engine, the context that .dockerignore leaves is made as Docker makes it, and the service runs from that.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from .commands import commit, run
from .containers import Server, docker
from .golden import GOLDEN
from .rendering import NAMES, render

BIN = Path(sys.executable).parent
BUILD_TOOLS = ("pip", "uv", "gcc", "cc", "make", "hatchling")
INSTALLS = re.compile(r"\b(apt-get|apt|pip|pip3|uv pip|npm) install\b|\buv sync\b|\bensurepip\b.*(?<!rm -r)\binstall\b")


def dockerfile_offences(text: str) -> list[str]:
    """What the last stage of a Dockerfile does that it must not."""
    found = ["a syntax line needs a registry"] if re.match(r"#\s*syntax=", text) else []
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    start = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    last = [line for line in lines[start:] if not line.startswith("#")]
    users = [line.split()[1] for line in last if line.startswith("USER ")]
    if not users or not re.fullmatch(r"[1-9]\d*", users[-1]):
        found.append("USER is no number other than 0, so that Kubernetes cannot tell that it is not root")
    found += [f"installs: {line}" for line in last if line.startswith("RUN ") and INSTALLS.search(line)]
    copied = [line.split()[-2:] for line in last if line.startswith("COPY --from=")]
    found += [f"copies more than /venv from another stage: {source}" for source, _ in copied if source != "/venv"]
    if not any(line.startswith("RUN ") and "pip uninstall" in line for line in last):
        found.append("keeps the base image's pip")
    if any("src" in line.split() for line in lines[:start] if line.startswith("COPY ")):
        found.append("a change of the source installs the dependencies anew")
    return found


def context(service: Path) -> list[str]:
    """The files that .dockerignore leaves: the last pattern that matches a path, or a folder above it, decides."""
    patterns = (service / ".dockerignore").read_text().split()
    kept = []
    for file in sorted(path for path in service.rglob("*") if path.is_file()):
        path, ignored = file.relative_to(service), False
        for pattern in patterns:
            for place in (path, *path.parents[:-1]):
                # `**/` stands for no folder, too.
                if fnmatch(place.as_posix(), pattern.lstrip("!")) or fnmatch(f"/{place}", pattern.lstrip("!*")):
                    ignored = not pattern.startswith("!")
        if not ignored:
            kept.append(path.as_posix())
    return kept


@pytest.mark.parametrize("names", NAMES, ids=lambda names: names["package"])
def test_the_dockerfile_has_no_offence(names: dict[str, str], tmp_path: Path) -> None:
    assert dockerfile_offences((render(tmp_path / "service", names) / "Dockerfile").read_text()) == []


@pytest.mark.parametrize(
    ("line", "instead", "offence"),
    [
        ("USER 10001\n", "", "USER"),
        ("USER 10001\n", "USER 0\n", "USER"),
        ("USER 10001\n", "USER 10001\nUSER root\n", "USER"),
        ("COPY src /app\n", "RUN apt-get update && apt-get install -y gcc\n", "installs"),
        ("COPY src /app\n", "RUN pip install --no-cache-dir uv==0.13.9\n", "installs"),
        ("COPY src /app\n", "COPY --from=dependencies /usr/local/bin/uv /usr/local/bin/\n", "copies"),
        ("RUN pip uninstall --yes pip && ", "RUN ", "pip"),
        ("COPY pyproject.toml uv.lock ./\n", "COPY pyproject.toml uv.lock src ./\n", "anew"),
        ("# One image", "# syntax=docker/dockerfile:1\n# One image", "syntax"),
    ],
)
def test_an_offence_in_the_dockerfile_is_caught(line: str, instead: str, offence: str) -> None:
    text = (GOLDEN / "Dockerfile").read_text()
    assert line in text
    (found,) = dockerfile_offences(text.replace(line, instead))
    assert offence in found


def test_the_context_is_the_service_without_the_harness_and_it_runs(tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"package": "shop"})
    (service / "uv.lock").touch()
    (service / ".env").write_text("SHOP_BROKER_URL=redis://secret\n")
    (service / "src/shop/__pycache__").mkdir()
    (service / "src/shop/__pycache__/app.cpython-311.pyc").touch()
    kept = context(service)
    assert [path for path in kept if not path.startswith("src/")] == ["pyproject.toml", "uv.lock"]
    runtime = {path for path in kept if path.startswith("src/shop/runtime/")}
    harness = {path.relative_to(service).as_posix() for path in service.glob("src/shop/runtime/testing/**/*")}
    assert len(runtime) > 50
    assert len(harness) > 20
    assert not [path for path in kept if path in harness or "__pycache__" in path]
    for path in kept:
        (tmp_path / "image" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(service / path, tmp_path / "image" / path)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "image/src")}
    table = run(sys.executable, "-m", "shop", "queues", cwd=tmp_path, env=environment)
    assert "default" in table

    ignored = service / ".dockerignore"
    ignored.write_text(ignored.read_text().replace("**/runtime/testing\n", ""))
    assert harness & set(context(service))


def test_the_harness_is_not_in_the_wheel(tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"package": "shop"})

    def harness() -> list[str]:
        run(BIN / "uv", "build", "--wheel", "--quiet", "--out-dir", tmp_path / "dist", cwd=service)
        (wheel,) = (tmp_path / "dist").glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        assert "shop/runtime/app.py" in names
        return [name for name in names if name.startswith("shop/runtime/testing")]

    assert harness() == []
    project = service / "pyproject.toml"
    project.write_text(project.read_text().replace('exclude = ["src/shop/runtime/testing"]\n', ""))
    assert harness() != []


# ---- with an engine ----

REDIS = ("redis:8", "redis-cli ping")
RABBITMQ = ("rabbitmq:4", "rabbitmq-diagnostics -q check_port_connectivity")
POSTGRESQL = ("postgres:18", "pg_isready --username postgres")


def made(folder: Path, name: str, **answers: str) -> Path:
    """A service with its lock, committed."""
    service = render(folder / name, {"package": name, **answers})
    run(BIN / "uv", "lock", "--quiet", cwd=service)
    run("git", "init", "--quiet", cwd=service)
    commit(service, "A service")
    return service


def image_offences(image: str, package: str) -> list[str]:
    """What is wrong with a built image, seen from inside of it."""
    look = f"""
for tool in {" ".join(BUILD_TOOLS)}; do command -v $tool >/dev/null && echo "a build tool: $tool"; done
for module in pip ensurepip uv hatchling pytest; do
  python -c "import $module" 2>/dev/null && echo "a module: $module"
done
test -d /app/{package}/runtime || echo "no runtime"
test -e /app/{package}/runtime/testing && echo "the harness"
test "$(id -u)" = 0 && echo "the user is root"
touch /app/{package}/written 2>/dev/null && echo "the service can change itself"
for folder in / /app /venv /usr; do test -w $folder && echo "$folder can be written"; done
true
"""
    sealed = ["--read-only", "--tmpfs", "/tmp", "--entrypoint", "sh"]
    found = docker("run", "--rm", *sealed, image, "-c", look).splitlines()
    config = json.loads(docker("image", "inspect", image))[0]["Config"]
    missing = {"title", "description", "revision"} - {
        label.removeprefix("org.opencontainers.image.") for label in config["Labels"] or {}
    }
    found += [f"no label {label}" for label in sorted(missing)]
    return found + ([] if config.get("Healthcheck") else ["no HEALTHCHECK"])


@pytest.mark.slow
def test_an_image_on_redis_does_a_task_and_stops(server: Server, tmp_path: Path) -> None:
    server(*REDIS)
    service = made(tmp_path, "shop")
    run(BIN / "hadolint", "Dockerfile", cwd=service)
    assert "no warnings found" in docker("build", "--check", ".", cwd=service)
    urls = {"SHOP_BROKER_URL": "redis://127.0.0.1:6379/0", "SHOP_IDEMPOTENCY_URL": "redis://127.0.0.1:6379/1"}
    shown = run("make", "image", cwd=service, env=urls | {"CI": "true"})
    assert "\na task was done\n" in shown
    assert re.search(r"\nstopped after \d s with 0\n", shown)
    assert image_offences("shop", "shop") == []
    bill = json.loads((service / "dist/sbom.json").read_text())
    assert {"celery", "kombu", "redis"} <= {component["name"] for component in bill["components"]}
    assert not {"pytest", "ruff"} & {component["name"] for component in bill["components"]}
    assert (service / "dist/image.tar").stat().st_size > 10**7

    # A change of the source leaves the dependencies' layers as they are.
    layers = json.loads(docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", "shop"))
    (service / "src/shop/task.py").open("a").write("# changed\n")
    built = subprocess.run(["docker", "build", "--tag", "shop", "."], cwd=service, capture_output=True, text=True)
    assert re.search(r"\n#(\d+) \[dependencies .*uv sync[^\n]*\n#\1 CACHED\n", built.stderr), built.stderr
    again = json.loads(docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", "shop"))
    assert [one == other for one, other in zip(layers, again, strict=True)].count(False) == 2

    # What does not start is no success.
    nowhere = os.environ | urls | {"CI": "", "SHOP_BROKER_URL": ""}
    refused = subprocess.run(["make", "image"], cwd=service, env=nowhere, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "expected a healthy worker, got: a container that ended with " in refused.stderr


@pytest.mark.slow
def test_an_image_on_rabbitmq_and_postgresql_does_a_task_and_stops(server: Server, tmp_path: Path) -> None:
    server(*RABBITMQ)
    server(*POSTGRESQL)
    service = made(tmp_path, "shop", broker="rabbitmq", idempotency_store="postgresql", producer="fastapi")
    urls = {
        "SHOP_BROKER_URL": "amqp://guest:guest@127.0.0.1:5672//",
        "SHOP_IDEMPOTENCY_URL": "postgresql+psycopg://postgres:postgres@127.0.0.1:5432/postgres",
    }
    shown = run("make", "image", cwd=service, env=urls | {"CI": ""})
    assert "\na task was done\n" in shown
    assert image_offences("shop", "shop") == []
    assert not (service / "dist").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "instead", "offence"),
    [
        ("Dockerfile", "USER 10001\n", "", "the user is root"),
        ("Dockerfile", "HEALTHCHECK ", "# HEALTHCHECK ", "no HEALTHCHECK"),
        ("Dockerfile", "pip uninstall --yes pip && ", "", "a build tool: pip"),
        (
            "Dockerfile",
            "COPY src /app\n",
            "COPY --from=dependencies /usr/local/bin/uv /bin/\nCOPY src /app\n",
            "tool: uv",
        ),
        (".dockerignore", "**/runtime/testing\n", "", "the harness"),
    ],
)
def test_an_offence_in_the_image_is_caught(
    file: str, line: str, instead: str, offence: str, engine: None, tmp_path: Path
) -> None:
    service = made(tmp_path, "shop")
    text = (service / file).read_text()
    assert line in text
    (service / file).write_text(text.replace(line, instead))
    docker("build", "--tag", "shop-offence", ".", cwd=service)
    assert any(offence in found for found in image_offences("shop-offence", "shop"))


def test_without_docker_the_image_says_what_is_missing(tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"package": "shop"})
    (service / "uv.lock").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("true")))
    command = [sys.executable, "src/shop/runtime/testing/image.py", "shop"]
    environment = {"PATH": str(tmp_path / "bin"), "SHOP_BROKER_URL": "redis://127.0.0.1:6379/0"}
    done = subprocess.run(command, cwd=service, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "expected docker on PATH, got: none; install it\n")


def test_without_a_lock_the_image_says_how_to_make_one(tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"package": "shop"})
    environment = os.environ | {"SHOP_BROKER_URL": "redis://127.0.0.1:6379/0"}
    done = subprocess.run(["make", "image"], cwd=service, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "expected uv.lock, the versions that the image gets, got: none; run make lock, and commit it"
    )


def test_without_servers_the_image_says_how_to_name_them_before_it_is_built(tmp_path: Path) -> None:
    service = render(tmp_path / "service", {"package": "shop"})
    (service / "uv.lock").touch()
    done = subprocess.run(["make", "--no-print-directory", "image"], cwd=service, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[1:]) == (2, [])
    assert done.stderr.splitlines()[0] == (
        "expected SHOP_BROKER_URL in the environment, got: nothing; set -a; . ./.env takes all from .env"
    )
