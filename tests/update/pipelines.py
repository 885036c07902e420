"""The jobs that propose an update, run as their host runs them: a clone for each job, and what the host gives to it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import git

__all__ = ["SECRETS", "GitHub", "GitLab", "Host"]

SECRETS = {"TEMPLATE_TOKEN": "a-project-token", "github.token": "a-job-token"}
ASYNCGEN = f'#!/bin/sh\nexec {sys.executable} -m asyncgen "$@"\n'
PIP = '#!/bin/sh\necho "$@" >> "$LOG/pip"\nenv >> "$LOG/env"\n'
TOOLS = {
    "gh": '#!/bin/sh\nprintf "%s\\n" "$*" >> "$LOG/gh"\ncase "$2" in list) echo 0;; esac\n',
    "python3": f"""#!/bin/sh
if test "$1 $2" != "-m venv"; then exec {sys.executable} "$@"; fi
mkdir -p "$3/bin" && cp "$LOG/../venv/pip" "$LOG/../venv/asyncgen" "$3/bin"
""",
    **{name: f'#!/bin/sh\necho {name} "$@" >> "$LOG/other"\n' for name in ("pip", "uv", "uvx", "pipx")},
}
"""What stands before the machine's own: an environment that installs nothing, and writes down what it was asked for."""


@dataclass
class Host:
    """A pipeline in a repository at `origin`; `folder` is for the jobs, `folder/log` for the arguments of the tools.

    scope: the environment of the secret, as GitLab has it; None for one that every job sees.
    """

    pipeline: dict[str, Any]
    origin: Path
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    scope: str | None = "template-update"
    context: dict[str, str] = field(default_factory=dict)
    output: str = ""

    def __post_init__(self) -> None:
        for place, tools in (("tools", TOOLS), ("venv", {"pip": PIP, "asyncgen": ASYNCGEN})):
            for name, text in tools.items():
                file = self.folder / place / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
                file.chmod(0o755)

    def update(self) -> tuple[int, Path | None]:
        """Run the job that installs and updates; its exit code, and the folder that it hands on."""
        raise NotImplementedError

    def propose(self, artifact: Path) -> int:
        """Run the job that pushes what is in a folder; its exit code."""
        raise NotImplementedError

    def run(self) -> int:
        """Both jobs; the exit code of the first that fails."""
        code, artifact = self.update()
        return code or (self.propose(artifact) if artifact else 0)

    def log(self, name: str) -> str:
        """The arguments of a tool: `pip`, `gh`, `other` for any other installer; `env` is the environment of pip."""
        file = self.folder / "log" / name
        return file.read_text() if file.exists() else ""

    def shell(self, script: str, at: Path, variables: dict[str, str]) -> int:
        (self.folder / "log").mkdir(exist_ok=True)
        path = f"{self.folder / 'tools'}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "LOG": str(self.folder / "log")} | variables
        done = subprocess.run(["bash", "-e", "-c", script], cwd=at, env=environment, capture_output=True, text=True)
        self.output += done.stdout + done.stderr
        return done.returncode

    def fresh(self, name: str, *, clone: bool = False) -> Path:
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if clone:
            git(self.folder, "clone", "--quiet", str(self.origin), str(place))
        return place


class GitHub(Host):
    """`pipeline` is the workflow; of secrets and outputs, a step sees what its `env` asks for."""

    def update(self) -> tuple[int, Path | None]:
        code, temp = self._job("update")
        for name, text in self.pipeline["jobs"]["update"]["outputs"].items():
            self.context[f"needs.update.outputs.{name}"] = self._filled(text)
        return code, temp / "uploaded" if self._holds(self.pipeline["jobs"]["propose"]["if"]) else None

    def propose(self, artifact: Path) -> int:
        return self._job("propose", artifact)[0]

    def _job(self, name: str, artifact: Path | None = None) -> tuple[int, Path]:
        temp, place = self.fresh(f"{name}-temp"), self.fresh(name, clone=True)
        self.context |= {"runner.temp": str(temp), "secrets.TEMPLATE_TOKEN": SECRETS["TEMPLATE_TOKEN"]}
        self.context |= {"github.token": SECRETS["github.token"]}
        self.context |= {f"vars.{key}": value for key, value in self.variables.items()}
        for step in self.pipeline["jobs"][name]["steps"]:
            if "if" in step and not self._holds(step["if"]):
                continue
            inputs = {key: self._filled(str(value)) for key, value in step.get("with", {}).items()}
            if "upload-artifact" in step.get("uses", ""):
                shutil.copytree(inputs["path"], temp / "uploaded", symlinks=True)
            elif "download-artifact" in step.get("uses", ""):
                shutil.copytree(artifact or temp, inputs["path"], symlinks=True)
            elif "run" in step and (code := self._step(step, place, temp)):
                return code, temp
        return 0, temp

    def _step(self, step: dict[str, Any], place: Path, temp: Path) -> int:
        assert "${{" not in step["run"], "an expression in a script is code"
        output = temp / "output"
        output.touch()
        variables = {key: self._filled(str(value)) for key, value in step.get("env", {}).items()}
        code = self.shell(step["run"], place, {"RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(output), **variables})
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.context[f"steps.{step.get('id')}.outputs.{key}"] = value
        return code

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: self._value(found[1]), text)

    def _value(self, expression: str) -> str:
        return next((got for part in expression.split("||") if (got := self.context.get(part.strip(), ""))), "")

    def _holds(self, condition: str) -> bool:
        left, right = condition.split("==")
        return self._value(left) == right.strip(" '")


class GitLab(Host):
    """`pipeline` is the whole file; a variable with a scope is there in the jobs of that environment alone."""

    def update(self) -> tuple[int, Path | None]:
        code, place = self._job("template-update")
        kept = self.fresh("artifact")
        for path in self.pipeline["template-update"]["artifacts"]["paths"]:
            if (place / path).exists():
                shutil.copytree(place / path, kept / path, symlinks=True)
        return code, kept / "proposal"

    def propose(self, artifact: Path) -> int:
        return self._job("template-propose", artifact)[0]

    def _job(self, name: str, artifact: Path | None = None) -> tuple[int, Path]:
        job = self.pipeline[name]
        own = {key: str(value) for key, value in job.get("variables", {}).items()}
        place = self.fresh(name, clone=own.get("GIT_STRATEGY") != "none")
        if artifact:
            # An archive's paths are its author's: it may bring a .git beside what the job named.
            shutil.copytree(artifact.parent, place, symlinks=True, dirs_exist_ok=True)
        variables = {
            "CI_COMMIT_SHA": git(self.origin, "rev-parse", "HEAD"),
            "CI_DEFAULT_BRANCH": "main",
            "CI_REPOSITORY_URL": self.origin.as_uri(),
        }
        if self.scope is None or job.get("environment", {}).get("name") == self.scope:
            variables["TEMPLATE_TOKEN"] = SECRETS["TEMPLATE_TOKEN"]
        script = "\n".join(job["script"]).replace("/tmp/asyncgen", str(self.folder / "installed"))
        script = script.replace("https://template:$TEMPLATE_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git", "$ORIGIN")
        return self.shell(script, place, variables | {"ORIGIN": str(self.origin)} | self.variables | own), place
