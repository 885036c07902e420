"""Dead letters: what keeps failing is kept whole, beside its queue, until somebody decides.

A letter is the original message in the queue `<queue>.dead`, and a header that says why it died. What the broker itself
puts there, because a message came back too often or was rejected, is read in the same form.
"""

from .desk import letters, purge, replay
from .keeping import keep_message, keep_run
from .letter import DeadLetter, read, without_history
from .wanted import Wanted

__all__ = ["DeadLetter", "Wanted", "keep_message", "keep_run", "letters", "purge", "read", "replay", "without_history"]
