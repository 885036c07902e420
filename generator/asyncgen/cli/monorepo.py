"""What to do for the pipeline of a service in a subfolder: hosts read the files of the repository's root alone."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..project import WorkTree

__all__ = ["pipeline_advice"]


def pipeline_advice(tree: "WorkTree | None", answers: Mapping[str, Any]) -> list[str]:
    """Lines that say how the pipeline in the service's folder gets to run; none where it runs, or there is none."""
    if tree is None:
        return []
    folder, name = tree.root / tree.subfolder, str(answers["package"]).replace("_", "-").strip("-")
    if answers.get("ci") == "github":
        workflows = tree.root / ".github" / "workflows"
        source = folder / ".github" / "workflows" / "ci.yml"
        return [
            "GitHub runs the workflows of the repository's root alone. Copy this one there, now and when it changes:",
            f"  {shlex.join(['mkdir', '-p', str(workflows)])}",
            f"  {shlex.join(['cp', str(source), str(workflows / f'{name}.yml')])}",
            f"It runs in {tree.subfolder}, and only for changes there. A release of the template: asyncgen update.",
        ]
    if answers.get("ci") == "gitlab":
        return [
            "GitLab reads the .gitlab-ci.yml of the repository's root alone. "
            f"Add this to {tree.root / '.gitlab-ci.yml'}:",
            f"  {name}:",
            f'    trigger: {{include: "{tree.subfolder}/.gitlab-ci.yml", strategy: depend}}',
            f'    rules: [{{changes: ["{tree.subfolder}/**/*"]}}]',
            f"It runs in {tree.subfolder}, and only for changes there. A release of the template: asyncgen update.",
        ]
    return []
