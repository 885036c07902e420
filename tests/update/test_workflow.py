"""The jobs that open a pull or merge request, as a shell runs them: with real git, and a host that only listens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.desk import commit, git

from ..template.rendering import render
from .planted import FIRST, PACKAGE, release

GH = """#!/bin/sh
printf '%s\\n' "$*" | head -1 >> "$LOG"
case "$2" in list) echo 0;; esac
"""
UV = f"""#!/bin/sh
while [ "$1" != asyncgen ]; do shift; done; shift
exec {sys.executable} -m asyncgen "$@"
"""


@pytest.fixture
def scripts(tmp_path: Path) -> dict[str, str]:
    """What each host would give to a shell."""
    render(tmp_path / "hub", {"ci": "github"})
    render(tmp_path / "lab", {"ci": "gitlab"})
    hub = yaml.safe_load((tmp_path / "hub/.github/workflows/template-update.yml").read_text())
    lab = yaml.safe_load((tmp_path / "lab/.gitlab-ci.yml").read_text())["template-update"]
    update, propose = (step["run"] for step in hub["jobs"]["update"]["steps"] if "run" in step)
    # The second step runs if the first one says so.
    github = f'(\n{update}\n)\nif grep -q due=1 "$GITHUB_OUTPUT"; then\n{propose}\nfi'
    return {"github": github, "gitlab": "\n".join(lab["script"]).replace("https://template:$TEMPLATE_TOKEN@", "$HOST")}


def run(script: str, service: Path, origin: Path) -> "subprocess.CompletedProcess[str]":
    tools = service.parent / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in {
        "gh": GH,
        "uv": UV,
        "asyncgen": f'#!/bin/sh\nexec {sys.executable} -m asyncgen "$@"\n',
        "pip": "#!/bin/sh\n",
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ASYNCGEN": "the package",
        "LOG": str(service.parent / "log"),
        "GITHUB_OUTPUT": str(service.parent / "output"),
        "RUNNER_TEMP": str(service.parent),
        "TITLE": "Update",
        "TEMPLATE_TOKEN": "token",
        "HOST": f"{origin.parent}/",
        "CI_SERVER_HOST": ".",
        "CI_PROJECT_PATH": "origin",
        "CI_DEFAULT_BRANCH": "main",
    }
    return subprocess.run(["bash", "-e", "-c", script], cwd=service, env=environment, capture_output=True, text=True)


@pytest.fixture
def origin(service: Path, tmp_path: Path) -> Path:
    """Where the service is pushed to."""
    bare = tmp_path / "origin.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(service), str(bare))
    git(bare, "config", "receive.advertisePushOptions", "true")
    git(service, "remote", "add", "origin", str(bare))
    return bare


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_an_update_becomes_a_proposal(
    host: str, scripts: dict[str, str], template: Path, service: Path, origin: Path, tmp_path: Path
) -> None:
    nothing = run(scripts[host], service, origin)
    assert nothing.returncode == 0, nothing.stderr
    assert "template-update" not in git(origin, "branch")
    release(template, "0.2.0", {f"{PACKAGE}/added.py": "ADDED = True\n"})
    done = run(scripts[host], service, origin)
    assert done.returncode == 0, done.stderr
    assert git(origin, "show", "template-update:src/shop/added.py") == "ADDED = True"
    if host == "github":
        log = (tmp_path / "log").read_text()
        assert "pr create --head template-update --title Update --body" in log
        assert "title=Update from the template\n" in (tmp_path / "output").read_text()


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_conflicts_are_proposed_with_a_word_about_them(
    host: str, scripts: dict[str, str], template: Path, service: Path, origin: Path
) -> None:
    (service / "README.md").write_text("# mine\n")
    commit(service)
    readme = "template/service/README.md.jinja"
    release(template, "0.2.0", {readme: FIRST[readme].replace("Two.", "2.")})
    done = run(scripts[host], service, origin)
    assert done.returncode == 0, done.stderr
    assert "<<<<<<<" in git(origin, "show", "template-update:README.md")
    said = (
        (service.parent / "output").read_text()
        if host == "github"
        else git(origin, "log", "-1", "--format=%s", "template-update")
    )
    assert "with conflicts to resolve" in said


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_an_error_fails_the_job(
    host: str, scripts: dict[str, str], template: Path, service: Path, origin: Path
) -> None:
    template.rename(template.with_name("gone"))
    done = run(scripts[host], service, origin)
    assert done.returncode != 0
    assert "template-update" not in git(origin, "branch")
