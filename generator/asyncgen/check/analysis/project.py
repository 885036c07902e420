"""One project, and all that the rules ask about it."""

from functools import cached_property

from asyncgen.check.analysis.callers import Callers
from asyncgen.check.analysis.kinds import Kinds
from asyncgen.check.analysis.local_paths import LocalPaths
from asyncgen.check.analysis.receivers import Receivers
from asyncgen.check.analysis.result_reads import ResultReads
from asyncgen.check.analysis.retrying import Retrying
from asyncgen.check.analysis.usage import Usage
from asyncgen.check.celery.dispatch import Dispatches
from asyncgen.check.celery.project import CeleryProject
from asyncgen.check.celery.schedules import Entry, entries

__all__ = ["Project"]


class Project(CeleryProject):
    """Each part is built when it is first needed."""

    @cached_property
    def dispatches(self) -> Dispatches:
        return Dispatches(self)

    @cached_property
    def kinds(self) -> Kinds:
        return Kinds(self, self.dispatches)

    @cached_property
    def usage(self) -> Usage:
        return Usage(self, self.dispatches)

    @cached_property
    def result_reads(self) -> ResultReads:
        return ResultReads(self, self.dispatches, self.callers, self.schedule)

    @cached_property
    def local_paths(self) -> LocalPaths:
        return LocalPaths(self, self.kinds)

    @cached_property
    def callers(self) -> Callers:
        return Callers(self, self.usage)

    @cached_property
    def receivers(self) -> Receivers:
        return Receivers(self)

    @cached_property
    def retrying(self) -> Retrying:
        return Retrying(self, self.dispatches)

    @cached_property
    def schedule(self) -> list[Entry]:
        """The entries of the beat schedule."""
        return list(entries(self))
