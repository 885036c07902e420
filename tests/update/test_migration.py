"""From each earlier release to the runtime as a package of its own: edits follow, tasks stay, what is left is named."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from tests.support import Ran, commit, git, write

from .histories import earlier
from .installs import BIN
from .planted import snapshot

Command = Callable[..., Ran]

KINDS = [("redis", "redis"), ("rabbitmq", "postgresql"), ("redis", "postgresql"), ("rabbitmq", "redis")]
"""The broker and the store."""
BEFORE = {release: commit for release, commit in earlier().items() if Version(release) < Version("0.3")}
"""The releases whose runtime lay among the owner's files."""
CASES = [
    pytest.param(release, kind, marks=[] if number == place % 2 else pytest.mark.slow, id=f"{release}-{'-'.join(kind)}")
    for place, release in enumerate(BEFORE)
    for number, kind in enumerate(KINDS)
]
"""`make test` takes one kind of each release, the first two in turn."""
FIELD = '    api_url: str = ""\n    """Where the shop is."""\n'
QUEUE = '    # mine\n    REPORTS = QueueClass("reports", longest_run=900, concurrency=4)\n'
FIXTURE = '\n\n@pytest.fixture\ndef shelf() -> str:\n    """Mine."""\n    return "shelf"\n'
CONFIGURED = "app.conf.worker_max_tasks_per_child = 100\n"


@pytest.fixture
def made(
    repository: Path, tmp_path: Path, asyncgen: Command, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, tuple[str, str]], Path]:
    """Makes a service of a release with tasks, a workflow and a long queue, as the current folder."""

    def make(release: str, kind: tuple[str, str]) -> Path:
        monkeypatch.chdir(tmp_path)
        answers = ["-d", f"broker={kind[0]}", "-d", f"idempotency_store={kind[1]}"]
        options = ["--defaults", "--template", str(repository), "--ref", BEFORE[release], *answers]
        ran = asyncgen("new", "shop", *options)
        assert ran.code == 0, ran.err
        monkeypatch.chdir(tmp_path / "shop")
        for command in (
            ["add-queue", "nightly", "--longest", "7200"],
            ["add-task", "first", "--arg", "order_id:int", "--retry-on", "ConnectionError", "--queue", "nightly"],
            ["add-task", "second", "--arg", "order_id:int"],
            ["add-workflow", "both", "--chain", "first,second"],
        ):
            assert asyncgen(*command).code == 0, command
        commit(tmp_path / "shop")
        return tmp_path / "shop"

    return make


def edit(project: Path, path: str, old: str, new: str) -> None:
    text = (project / path).read_text()
    assert text.count(old) >= 1, (path, old)
    write(project, {path: text.replace(old, new, 1)})


def append(project: Path, path: str, text: str) -> None:
    write(project, {path: (project / path).read_text() + text})


def edit_what_follows(project: Path, asyncgen: Command) -> None:
    """Edits of all kinds that conflict with nothing."""
    append(project, "src/shop/queues.py", QUEUE)
    assert asyncgen("sync-queues").code == 0
    edit(project, "src/shop/settings.py", "    retention: int", f"{FIELD}    retention: int")
    append(project, "src/shop/app.py", CONFIGURED)
    append(project, "tests/conftest.py", FIXTURE)
    edit(project, "src/shop/payload.py", "PRIMITIVES =", "# Mine.\nPRIMITIVES =")
    edit(project, "README.md", "## Update\n", "## Mine\n\nText.\n\n## Update\n")
    edit(project, "Makefile", "clean: ##", "mine: ## Mine\n\t@echo mine\n\nclean: ##")
    commit(project)


def users(project: Path) -> dict[str, bytes | str]:
    """The tasks, the workflows, their tests and the contract."""
    folders = ("src/shop/tasks/", "src/shop/workflows/", "tests/tasks/", "tests/workflows/", "contract.yaml")
    return {
        path: content
        for path, content in snapshot(project).items()
        if path.startswith(folders) and not path.endswith("__init__.py")
    }


@pytest.mark.parametrize(("release", "kind"), CASES)
def test_edits_follow_and_tasks_stay(
    release: str, kind: tuple[str, str], made: Callable[..., Path], asyncgen: Command, repository: Path
) -> None:
    project = made(release, kind)
    edit_what_follows(project, asyncgen)
    before = users(project)
    ran = asyncgen("update")
    assert ran.code == 0, ran.out + ran.err
    assert users(project) == before

    package = project / "src/shop"
    table = (package / "queues.py").read_text()
    assert "from .runtime import QueueClass\n" in table
    assert QUEUE in table
    assert FIELD in (package / "settings.py").read_text()
    assert (package / "app.py").read_text().endswith(CONFIGURED)
    assert (project / "tests/conftest.py").read_text().endswith(FIXTURE)
    assert "# Mine.\nPRIMITIVES =" in (package / "runtime/payload.py").read_text()
    assert "\n## Mine\n" in (project / "README.md").read_text()
    assert "\nmine: ## Mine\n" in (project / "Makefile").read_text()
    assert "| queue | max runtime |\n" in (project / "README.md").read_text()
    assert asyncgen("sync-queues").out.startswith("Nothing to do for ")
    if kind[0] == "rabbitmq":
        assert "partial(RabbitmqBroker, consumer_timeout=7260)" in (package / "app.py").read_text()

    fresh = project.parent / "fresh/shop"
    fresh.parent.mkdir()
    answers = ["-d", f"broker={kind[0]}", "-d", f"idempotency_store={kind[1]}"]
    assert asyncgen("new", str(fresh), "--defaults", "--template", str(repository), *answers).code == 0
    assert (
        snapshot(project).keys() - before.keys() - {"tests/workflows"} == snapshot(fresh).keys() - users(fresh).keys()
    )
    sealed = {path: text for path, text in snapshot(fresh / "src/shop/runtime").items() if path != "payload.py"}
    assert {path: text for path, text in snapshot(package / "runtime").items() if path != "payload.py"} == sealed

    files = len([text for text in snapshot(package / "runtime").values() if text != "folder"])
    (line,) = [line for line in ran.out.splitlines() if line.startswith("  runtime  ")]
    assert (
        f"src/shop/runtime: replaced by release {git(repository, 'rev-parse', '--short', 'HEAD')}, {files} files"
        in line
    )
    told = [line for line in ran.out.splitlines() if line.startswith("  ") and "src/shop/runtime/" in line]
    assert told == ["  new      src/shop/runtime/payload.py (was src/shop/payload.py)"]
    assert notices(project) == ["notice: runtime/payload.py differs from the release; an update merges it"]


def notices(project: Path) -> list[str]:
    """What `make lint` says of the runtime."""
    command = [sys.executable, "-m", "shop.runtime.testing.digests"]
    env = os.environ | {"PYTHONPATH": "src"}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=True).stderr.splitlines()


USES = {
    "src/shop/prices.py": (
        "import shop.schedule as schedule\n\n"
        "from . import NAME\nfrom .app import app, route\nfrom .idempotency.errors import Later\n"
        "from .payload import check_payload\nfrom .settings import PREFIX, settings\n\n"
        'print(schedule, NAME, app, route, Later, check_payload, PREFIX, settings, "shop.publishing.publish_many")\n'
    ),
    "tests/test_mine.py": "from dev.services import running\n\nfrom .processes import Worker\n\nprint(Worker)\n",
}
NAMED = """\
  src/shop/prices.py:1: import shop.schedule as schedule -> import shop.runtime.schedule as schedule
  src/shop/prices.py:3: from . import NAME -> from .runtime.settings import NAME (internal to the runtime: {0})
  src/shop/prices.py:4: from .app import app, route -> from .app import app; shop.app.route is gone
  src/shop/prices.py:5: from .idempotency.errors import Later -> from .runtime import RetryLater as Later
  src/shop/prices.py:6: from .payload import check_payload -> from .runtime.payload import check_payload (internal to the runtime: {0})
  src/shop/prices.py:7: from .settings import PREFIX, settings -> from .runtime.settings import PREFIX (internal to the runtime: {0}); from .settings import settings
  src/shop/prices.py:9: 'shop.publishing.publish_many' -> "shop.runtime.publish_many"
  src/shop/tasks/first.py:{1}: from ..errors import PublishError -> from ..runtime import PublishError
  tests/test_mine.py:1: from dev.services import running -> from shop.runtime.testing.servers import running
  tests/test_mine.py:3: from .processes import Worker -> from shop.runtime.testing import Worker
""".replace("{0}", "it may change in any release")  # noqa: E501


@pytest.mark.parametrize(("release", "kind"), CASES)
def test_what_cannot_follow_is_named(
    release: str, kind: tuple[str, str], made: Callable[..., Path], asyncgen: Command
) -> None:
    project = made(release, kind)
    edit(project, "src/shop/times.py", "MARGIN = 10", "MARGIN = 11")
    edit(project, "src/shop/publishing.py", "PATIENCE = 3.0", "PATIENCE = 9.0")
    append(project, "tests/test_worker.py", "# mine\n")
    edit(project, "src/shop/tasks/first.py", "from ..queues", "from ..errors import PublishError\nfrom ..queues")
    write(project, USES)
    commit(project)
    kept = {path: (project / path).read_text() for path in ("src/shop/times.py", "tests/test_worker.py", *USES)}
    line = (project / "src/shop/tasks/first.py").read_text().splitlines().index("from ..errors import PublishError") + 1
    ran = asyncgen("update")
    assert ran.code == 1, ran.out + ran.err
    aside = "tests/test_worker.py.unmaintained"
    assert (project / aside).read_text() == kept.pop("tests/test_worker.py")
    assert not (project / "tests/test_worker.py").exists()
    assert {path: (project / path).read_text() for path in kept} == kept
    assert "PATIENCE = 9.0" in (project / "src/shop/runtime/publishing.py").read_text()
    for told in (
        "  src/shop/times.py: it became a part of src/shop/runtime/queues.py, and you edited it: move your edit there",
        "  src/shop/runtime/publishing.py:",
        f"  {aside}: the template no longer maintains tests/test_worker.py, and you edited it: adapt it to the "
        "fixtures of shop.runtime.testing, or delete it; the runtime is tested with its template",
    ):
        assert told in ran.out, ran.out
    assert f"Imports to change in your files:\n{NAMED.replace('{1}', str(line))}\n" in ran.out, ran.out


def test_imports_alone_end_with_1_and_are_data(made: Callable[..., Path], asyncgen: Command) -> None:
    project = made(list(BEFORE)[-1], KINDS[1])
    write(project, {"src/shop/orders.py": "from .outbox import publish\n\nprint(publish)\n"})
    commit(project)
    ran = asyncgen("update", "--json")
    assert ran.code == 1, ran.out + ran.err
    data = json.loads(ran.out)
    assert data["conflicts"] == []
    assert data["imports"] == [
        {
            "path": "src/shop/orders.py",
            "line": 1,
            "written": "from .outbox import publish",
            "instead": "from .runtime.outbox import publish",
        }
    ]
    assert "Imports to change: the service was not imported and its tests not run; run make test then." in data["notes"]


def test_an_import_of_an_edit_that_moved_is_named(made: Callable[..., Path], asyncgen: Command) -> None:
    project = made(list(BEFORE)[-1], KINDS[0])
    edit(project, "src/shop/payload.py", "from .errors import", "from .broker import Exchange\nfrom .errors import")
    append(project, "src/shop/payload.py", "\n\nprint(Exchange)\n")
    commit(project)
    ran = asyncgen("update")
    assert ran.code == 1, ran.out + ran.err
    assert ": from .broker import Exchange -> from .brokers.redis.broker import Exchange (internal" in ran.out


def test_a_part_of_the_runtime_that_the_user_removed_comes_back(made: Callable[..., Path], asyncgen: Command) -> None:
    project = made(list(BEFORE)[-1], KINDS[0])
    (project / "src/shop/cli/dead.py").unlink()
    (project / "AGENTS.md").unlink()
    commit(project)
    assert asyncgen("update").code == 0
    assert (project / "src/shop/runtime/cli/dead.py").is_file()
    assert not (project / "AGENTS.md").exists()


@pytest.fixture
def environment() -> dict[str, str]:
    """uv, which installs in seconds, and PostgreSQL if there is one."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    return env


@pytest.mark.slow
@pytest.mark.parametrize(
    ("release", "kind"),
    [pytest.param(release, kind, id=f"{release}-{'-'.join(kind)}") for release in BEFORE for kind in KINDS],
)
def test_a_migrated_project_is_green(
    release: str,
    kind: tuple[str, str],
    made: Callable[..., Path],
    asyncgen: Command,
    environment: dict[str, str],
) -> None:
    postgresql = os.environ.get("ASYNCGEN_POSTGRESQL_URL")
    if kind[1] == "postgresql" and postgresql:
        environment["SHOP_IDEMPOTENCY_URL"] = postgresql
    project = made(release, kind)
    edit_what_follows(project, asyncgen)
    assert asyncgen("update").code == 0
    # Its tests run the tasks, and the workflow on a real worker.
    for command in (["make", "lint"], ["make", "test"]):
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, f"{command}\n{(done.stdout + done.stderr)[-6000:]}"
        if command == ["make", "lint"]:
            assert done.stderr.count("notice: ") == 1
            assert "notice: runtime/payload.py differs from the release" in done.stderr
