"""The base of this service's workflows."""

from . import runtime

__all__ = ["Workflow"]


class Workflow(runtime.Workflow):
    """What holds for every workflow; `step` and `publish` may be extended here."""
