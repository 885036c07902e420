"""What a run has seen: without it, no findings could mean that there was nothing to look at."""

from typing import Any, Literal, NamedTuple

from asyncgen.check.source.skipped import Skipped

__all__ = ["Files", "ProjectSummary", "Summary"]


class Files(NamedTuple):
    """How many Python files there were: each is `checked`, or one of the others.

    `tests` are not checked, `excluded` are so by `exclude`, `skipped` could not be read.
    """

    checked: int
    tests: int
    excluded: int
    skipped: int


class ProjectSummary(NamedTuple):
    """`path` is its folder, `files` the number of those checked in which Celery can play a part; `celery`: it does.

    `tasks` are those in these files, `applications` the paths and lines that make one, `configuration` the files with
    settings; `partial` are those where some cannot be seen.
    """

    path: str
    files: int
    celery: bool
    tasks: int
    applications: tuple[tuple[str, int], ...]
    state: Literal["complete", "partial", "absent"]
    configuration: tuple[str, ...]


class Summary(NamedTuple):
    """`in_baseline` are the findings that are not told, since the baseline has them."""

    files: Files
    skipped: tuple[Skipped, ...]
    projects: tuple[ProjectSummary, ...]
    in_baseline: int = 0

    @property
    def celery(self) -> bool:
        """Whether Celery was found at all."""
        return any(project.celery for project in self.projects)

    def as_dict(self) -> dict[str, Any]:
        return {
            "celery": self.celery,
            "files": self.files._asdict(),
            "projects": [
                {
                    "path": project.path,
                    "files": project.files,
                    "tasks": project.tasks,
                    "applications": [{"path": path, "line": line} for path, line in project.applications],
                    "configuration": {"state": project.state, "files": list(project.configuration)},
                }
                for project in self.projects
            ],
            "skipped": [skipped.as_dict() for skipped in self.skipped],
            "in_baseline": self.in_baseline,
        }
