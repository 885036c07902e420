"""What `asyncgen doctor` finds out: about this machine, a service, and what its pipeline would say of it.

finding   one thing that was looked at, as the service's own `doctor` has it
machine   the programs on PATH, and where templates come from
project   the release of a service, its environment, and what is unwritten in it
pipeline  the checks of the pipeline that are quick and need no network
"""

from .finding import Finding
from .machine import examine_machine
from .pipeline import examine_pipeline
from .project import examine_project

__all__ = ["Finding", "examine_machine", "examine_pipeline", "examine_project"]
