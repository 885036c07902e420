"""What differs between tasks and workflows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Kind", "Record"]


@dataclass(frozen=True)
class Record:
    """The release that a file was rendered from, and the variables."""

    release: str
    variables: Mapping[str, object]


@dataclass(frozen=True)
class Kind:
    """The files that one pair of commands creates and removes.

    word: task or workflow, as in the commands, the messages and the paths.
    record: reads the record in a file that release 0.2.1 or an earlier one rendered, from its text, its name and the
        service's package; None where there is none, or it was edited.
    options: the variables that the template's first release did not have, and the option behind each.
    """

    word: str
    record: Callable[[str, str, str], Record | None]
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """The folder of the template that has its files."""
        return f"template/{self.word}"

    def paths(self, name: str, package: str) -> tuple[str, str]:
        """The file and its test, relative to the service."""
        return f"src/{package}/{self.word}s/{name}.py", f"tests/{self.word}s/test_{name}.py"
