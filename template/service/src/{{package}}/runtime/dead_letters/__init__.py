"""Dead letters: what keeps failing is kept whole, beside its queue, until somebody decides.

A dead letter is the original message in the queue `<queue>.dead`, and a header that says why it died. What the broker
itself puts there, because a message was redelivered too often or rejected, is read in the same form.
"""

from .admin import letters, purge, replay
from .filter import DeadLetterFilter
from .message import DeadLetter, read
from .store import store_message, store_run

__all__ = ["DeadLetter", "DeadLetterFilter", "letters", "purge", "read", "replay", "store_message", "store_run"]
