"""Updates of a service: to another release of the template, to other answers, or both.

renders → merging → outcomes → verification → plan: the project is read, built anew on the side, and swapped in.
"""

from .prepare import Update, prepare
from .swap import apply_outcomes
from .verification import verify

__all__ = ["Update", "apply_outcomes", "prepare", "verify"]
