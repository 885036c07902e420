"""The last line of a rendered file: `# asyncgen: RELEASE sha256:DIGEST`, of all that is above it."""

import hashlib
import re

__all__ = ["hash_filter", "is_unedited", "release_of", "signed"]

_SIGNED = re.compile(r"(?P<text>.*\n)# asyncgen: (?P<release>\S+) sha256:(?P<digest>[0-9a-f]{64})\n", re.DOTALL)


def hash_filter(text: str, algorithm: str = "sha1") -> str:
    """The filter `hash` of Copier's Jinja environment: the digest of a text in hexadecimal."""
    return hashlib.new(algorithm, text.encode()).hexdigest()


def is_unedited(text: str) -> bool:
    """Whether a file, with `\\n` at its line ends, has the digest that its last line names."""
    found = _SIGNED.fullmatch(text)
    return found is not None and hash_filter(found["text"], "sha256") == found["digest"]


def release_of(text: str) -> str:
    """The release that the last line of a file names; "" where there is no such line."""
    found = _SIGNED.fullmatch(text)
    return found["release"] if found else ""


def signed(text: str, release: str) -> str:
    """A text with such a last line, in the place of the one that it has."""
    found = _SIGNED.fullmatch(text)
    body = found["text"] if found else text
    return f"{body}# asyncgen: {release} sha256:{hash_filter(body, 'sha256')}\n"
