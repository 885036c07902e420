"""The jobs that open a pull or merge request: what they install, who holds a token, and what is pushed."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support import commit, git, write

from ..template.rendering import render
from .histories import ROOT
from .pipelines import SECRETS, GitHub, GitLab, Host
from .planted import FIRST, PACKAGE, release

HOSTS = {"github": (GitHub, ".github/workflows/template-update.yml"), "gitlab": (GitLab, ".gitlab-ci.yml")}
SHA = "0123456789abcdef0123456789abcdef01234567"
PINNED = f"git+https://git.example/tools/asyncgen.git@{SHA}"
README = "template/service/README.md.jinja"
MODULE = "runtime/testing/requirement.py"
"""Prints what to install asyncgen from."""


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered project for each host."""
    folder = tmp_path_factory.mktemp("rendered")
    for name in HOSTS:
        render(folder / name, {"ci": name})
    return folder


def pushed(project: Path) -> Path:
    """A project's origin; the project gets the modules that its jobs run."""
    for module in (MODULE, "runtime/testing/update_proposal.py"):
        write(project, {f"src/shop/{module}": (ROOT / "template/service/src/{{package}}" / module).read_text()})
    commit(project)
    bare = project.with_suffix(".git")
    git(project, "clone", "--quiet", "--bare", str(project), str(bare))
    git(bare, "config", "receive.advertisePushOptions", "true")
    return bare


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, rendered: Path, tmp_path: Path) -> Host:
    """Each host's pipeline in a repository with the answers of a project from a wheel, and no variable."""
    kind, file = HOSTS[request.param]
    project = tmp_path / "project"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(project))
    write(project, {".copier-answers.yml": "_commit: 0.1.0\n_src_path: ~/.asyncgen/template\npackage: shop\n"})
    pipeline = yaml.safe_load((rendered / request.param / file).read_text())
    return kind(pipeline, pushed(project), tmp_path / "host")


@pytest.fixture
def living(host: Host, service: Path, tmp_path: Path) -> Host:
    """The same in a service that asyncgen can update."""
    host.origin = pushed(service)
    host.variables = {"ASYNCGEN": PINNED}
    return host


def test_an_update_becomes_a_proposal(living: Host, template: Path) -> None:
    assert living.run() == 0, living.output
    assert "template-update" not in git(living.origin, "branch")
    release(template, "0.2.0", {f"{PACKAGE}/added.py": "ADDED = True\n", "template/service/run.sh": None})
    assert living.run() == 0, living.output
    assert git(living.origin, "show", "template-update:src/shop/added.py") == "ADDED = True"
    assert git(living.origin, "diff", "--name-status", "main", "template-update").split() == [
        *("M", ".copier-answers.yml", "D", "run.sh", "A", "src/shop/added.py")
    ]
    assert git(living.origin, "log", "--format=%s", "main..template-update") == "Update from the template"
    if isinstance(living, GitHub):
        assert "pr create --head template-update --title Update from the template --body" in living.log("gh")


def test_conflicts_are_proposed_and_the_title_says_so(living: Host, template: Path, service: Path) -> None:
    (service / "README.md").write_text("# mine\n")
    commit(service)
    git(service, "push", "--quiet", str(living.origin), "main")
    release(template, "0.2.0", {README: FIRST[README].replace("Two.", "2.")})
    assert living.run() == 0, living.output
    assert "<<<<<<<" in git(living.origin, "show", "template-update:README.md")
    title = (
        living.log("gh")
        if isinstance(living, GitHub)
        else git(living.origin, "log", "-1", "--format=%s", "template-update")
    )
    assert "Update from the template, with conflicts to resolve" in title


def test_an_error_fails_the_job(living: Host, template: Path) -> None:
    template.rename(template.with_name("gone"))
    assert living.run() != 0
    assert "template-update" not in git(living.origin, "branch")


@dataclass(frozen=True)
class Asked:
    """A project's folder, and what its module answers."""

    folder: Path

    def __call__(self, variable: str = "", **answers: str) -> "subprocess.CompletedProcess[str]":
        lines = {"_commit": "0.1.0", "_src_path": "~/.asyncgen/template"} | answers
        write(self.folder, {".copier-answers.yml": "".join(f"{key}: {value}\n" for key, value in lines.items())})
        return subprocess.run(
            [sys.executable, f"src/shop/{MODULE}"],
            cwd=self.folder,
            env=os.environ | {"ASYNCGEN": variable},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """A project with wheels, and one beside it."""
    project = tmp_path / "project"
    write(project, {f"src/shop/{MODULE}": (ROOT / "template/service/src/{{package}}" / MODULE).read_text()})
    write(project, {"vendor/asyncgen-1-py3-none-any.whl": "", "../outside.whl": "", "clone/generator/x.py": ""})
    (project / "vendor/link.whl").symlink_to(tmp_path / "outside.whl")
    return Asked(project)


@pytest.mark.parametrize(
    ("source", "commit", "expected"),
    [
        ("git+https://git.example/a.git", "1a2b3c4", "git+https://git.example/a.git@1a2b3c4"),
        ("https://git.example/a.git", "'8727590'", "git+https://git.example/a.git@8727590"),
        ("gh:tools/a", "0.2.0", "git+https://github.com/tools/a.git@0.2.0"),
        ("git@git.example:a.git", "0.1.0-3-g1a2b3c4", "git+ssh://git@git.example/a.git@1a2b3c4"),
        ("{folder}/clone", "1a2b3c4", "git+file://{folder}/clone@1a2b3c4"),
        ("~/.asyncgen/template", "0.1.0", ""),
        ("/nowhere/at/all", "1a2b3c4", ""),
        ("asyncgen", "0.1.0", ""),
        ("git+https://git.example/a.git", "main", ""),
        ("git+https://git.example/a.git", "--index-url", ""),
        ("'git+https://git.example/a.git --index-url http://evil.example'", "0.1.0", ""),
    ],
)
def test_the_recorded_source_is_installed_at_its_commit(source: str, commit: str, expected: str, asked: Asked) -> None:
    done = asked(_src_path=source.format(folder=asked.folder), _commit=commit)
    assert (done.returncode, done.stdout) == (0, expected.format(folder=asked.folder) + "\n"), done.stderr


@pytest.mark.parametrize(
    "variable",
    [
        PINNED,
        f"git+ssh://git@git.example/a.git@{SHA}",
        f"https://git.example/a-1-py3-none-any.whl#sha256={SHA}{SHA[:24]}",
        "vendor/asyncgen-1-py3-none-any.whl",
    ],
)
def test_a_pinned_variable_comes_first(variable: str, asked: Asked) -> None:
    done = asked(variable, _src_path="git+https://git.example/a.git")
    assert (done.returncode, done.stdout) == (0, f"{variable}\n"), done.stderr


@pytest.mark.parametrize(
    "variable",
    [
        "asyncgen",
        "asyncgen==1",
        "asyncgen>=0",
        "asyncgen[dev]",
        "-r.whl",
        "--index-url http://evil.example asyncgen",
        "$(touch PWNED)",
        "git+https://git.example/a.git",
        "git+https://git.example/a.git@main",
        f"git+https://git.example/a.git@{SHA[:12]}",
        f"git+http://git.example/a.git@{SHA}",
        f"git+https://user:token@git.example/a.git@{SHA}",
        f"{PINNED} --extra-index-url http://evil.example",
        f"{PINNED}\n--extra-index-url=http://evil.example",
        f"{PINNED}\n",
        "https://git.example/a.whl",
        "https://git.example/a.whl#sha256=12",
        "../outside.whl",
        "vendor/missing.whl",
        "vendor/link.whl",
    ],
)
def test_a_variable_that_pins_nothing_is_refused(variable: str, asked: Asked) -> None:
    done = asked(variable, _src_path="git+https://git.example/a.git")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("expected the variable ASYNCGEN to be git+https://HOST/PATH@COMMIT")
    assert done.stderr.count("\n") == 1


def test_the_job_that_installs_holds_no_token(host: Host) -> None:
    host.variables = {"ASYNCGEN": PINNED}
    host.update()
    assert host.log("pip") == f"install --quiet {PINNED}\n", host.output
    assert f"ASYNCGEN={PINNED}" in host.log("env")
    assert host.log("other") == ""
    assert not [secret for secret in SECRETS.values() if secret in host.log("env")]
    if isinstance(host, GitHub):
        jobs = host.pipeline["jobs"]
        assert host.pipeline["permissions"] == {}
        assert jobs["update"]["permissions"] == {"contents": "read"}
        assert "secrets." not in str(jobs["update"])
        assert "github.token" not in str(jobs["update"])
        checkouts = [step for job in jobs.values() for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert [step["with"] for step in checkouts] == [{"persist-credentials": False}] * 2


@pytest.mark.parametrize("variable", ["asyncgen", "x; touch PWNED", "--index-url http://evil.example asyncgen"])
def test_a_variable_that_pins_nothing_ends_the_job(host: Host, variable: str) -> None:
    host.variables = {"ASYNCGEN": variable}
    assert host.run() == 2
    assert "expected the variable ASYNCGEN to be git+https://HOST/PATH@COMMIT" in host.output
    assert host.log("pip") + host.log("other") == ""
    assert not list(host.folder.rglob("PWNED"))


def test_without_a_source_nothing_is_done(host: Host) -> None:
    assert host.run() == 0
    assert "nothing was done: " in host.output
    assert "the variable ASYNCGEN is not set" in host.output
    assert host.log("pip") + host.log("other") == ""
    assert git(host.origin, "branch", "--format=%(refname:short)") == "main"


@pytest.mark.parametrize("host", ["gitlab"], indirect=True)
def test_a_token_that_the_installing_job_sees_is_refused(host: Host) -> None:
    host.scope = None
    assert host.run() == 2
    assert "expected TEMPLATE_TOKEN to have the environment template-update as its scope" in host.output
    assert host.log("pip") == ""


def added(path: str, mode: str = "100644") -> str:
    """A patch that adds a file with one line."""
    blob = "ce013625030ba8dba906f756967f9e9ca394464a"
    head = f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex {'0' * 40}..{blob}\n"
    return f"{head}--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+hello\n"


SUBMODULE = f"""diff --git a/module b/module
new file mode 160000
index {"0" * 40}..{SHA}
--- /dev/null
+++ b/module
@@ -0,0 +1 @@
+Subproject commit {SHA}
"""


@pytest.mark.parametrize(
    "patch",
    [
        added(".git/hooks/pre-push", "100755"),
        added("src/.git/config"),
        added(".GIT/config"),
        added("../outside.txt"),
        added("/tmp/asyncgen-outside.txt"),
        added("link", "120000"),
        added("link", "120000") + added("link/inside.txt"),
        SUBMODULE,
        "no patch\n",
        "a link",
    ],
)
def test_a_patch_that_holds_more_than_files_is_not_pushed(host: Host, tmp_path: Path, patch: str) -> None:
    artifact = tmp_path / "artifact/proposal"
    write(artifact, {"update.patch": patch, "report.txt": "Updated.\n", "conflicts": "0\n"})
    if patch == "a link":
        write(artifact, {"update.patch": added("fine.txt"), "report.txt": None})
        (artifact / "report.txt").symlink_to("/proc/self/environ")
    assert host.propose(artifact) != 0
    assert git(host.origin, "branch", "--format=%(refname:short)") == "main"
    assert host.log("gh") == ""
    assert not list(tmp_path.rglob("outside.txt"))
    assert not Path("/tmp/asyncgen-outside.txt").exists()


def test_nothing_of_the_artifact_runs_beside_the_token(host: Host, tmp_path: Path) -> None:
    evil = f"#!/bin/sh\nenv > {tmp_path}/PWNED\n"
    artifact = tmp_path / "artifact"
    git(tmp_path, "init", "--quiet", str(artifact))
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "alias.apply", "credential.helper"):
        git(artifact, "config", setting, f"!env > {tmp_path}/PWNED")
    names = ("hooks/pre-push", "hooks/post-index-change", "hooks/pre-commit")
    write(artifact, {f".git/{name}": evil for name in names} | {"gh": evil, "git": evil, "sitecustomize.py": "1 / 0\n"})
    for file in [*(artifact / ".git/hooks").iterdir(), artifact / "gh", artifact / "git"]:
        file.chmod(0o755)
    patch = added("Makefile", "100755") + added(".gitattributes") + added("tests/conftest.py")
    write(artifact, {"proposal/update.patch": patch, "proposal/report.txt": "```\n", "proposal/conflicts": "0\n"})
    assert host.propose(artifact / "proposal") == 0, host.output
    assert git(host.origin, "show", "template-update:Makefile") == "hello"
    assert not (tmp_path / "PWNED").exists()


def test_ci_checks_the_hard_stops(rendered: Path) -> None:
    job = yaml.safe_load((rendered / "github/.github/workflows/ci.yml").read_text())["jobs"]["test"]
    assert {"run": "make check"} in job["steps"]
    assert job["env"]["ASYNCGEN"] == "${{ vars.ASYNCGEN }}"
    job = yaml.safe_load((rendered / "gitlab/.gitlab-ci.yml").read_text())["test"]
    assert "make check" in job["script"]
    assert job["cache"]["paths"] == [".venv/asyncgen"]


BARE = re.compile(
    r"\b(?:pip3?|pipx|uv|uv pip|uv tool) (?:install|run|add)\b(?! --(?:from|spec) (?!asyncgen\b))[^\n#]*"
    r"[\s\"'=]asyncgen(?![-/\w.*]|\s*@)"
    r"|\buvx\b(?! --from (?!asyncgen\b))[^\n]* asyncgen(?![-/\w.*])|ASYNCGEN\b[^\n]*[\"']asyncgen[\"']"
)


def test_no_file_asks_an_index_for_the_bare_name(rendered: Path) -> None:
    tracked = git(ROOT, "ls-files", "--", "generator", "docs", "*.md", "Makefile", ".ci").split("\n")
    for file in [*(ROOT / path for path in tracked), *(path for path in rendered.rglob("*") if path.is_file())]:
        found = BARE.search(file.read_text(errors="replace"))
        assert not found, f"{file}: {found[0]}"
