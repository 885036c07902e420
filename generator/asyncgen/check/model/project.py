"""A Python project: its files, and what the names in them mean."""

from functools import cached_property

from asyncgen.check.model.names import Names
from asyncgen.check.source.codebase import Codebase

__all__ = ["PythonProject"]


class PythonProject(Codebase):
    @cached_property
    def names(self) -> Names:
        return Names(self)
