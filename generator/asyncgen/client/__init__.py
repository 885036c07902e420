"""The client of a service: a package of typed calls, made from the contract alone.

document       the contract: an AsyncAPI document, read and checked
annotations    Python's types for the JSON Schema of an argument
parameters     the signature of a task's function
render         the files of the package
plans          what is created, replaced and removed; files that people have edited stay
"""

from .document import Contract, parse_contract, read_contract
from .plans import plan_client
from .render import files_of

__all__ = ["Contract", "files_of", "parse_contract", "plan_client", "read_contract"]
