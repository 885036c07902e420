"""The rules of `asyncgen check`: what `--explain` says of each."""

import re

from asyncgen.check.rules import CODES

from .markdown import code

__all__ = ["page"]

HEAD = """# Rules of asyncgen check

What [`asyncgen check`](../check.md) finds, and why: the same as `asyncgen check --explain CODE`. How right each
rule was on real projects [was measured](../check.md#how-right-it-is).

"""
EXAMPLE = re.compile(r"^(Bad|Good):\n((?:(?:    .*)?(?:\n|\Z))+)", re.MULTILINE)
SOURCE = re.compile(r"^Source: (\S+)$", re.MULTILINE)
LINK = r"Source: <\1>"


def page() -> str:
    """A section for each code."""
    return HEAD + "\n".join(_section(*rule.page().partition("\n\n")[::2]) for rule in CODES)


def _section(title: str, text: str) -> str:
    text = EXAMPLE.sub(lambda found: f"{found[1]}:\n\n{code('python', _dedented(found[2]))}\n", text)
    return f"## {title}\n\n{SOURCE.sub(LINK, text)}"


def _dedented(text: str) -> str:
    return re.sub("^    ", "", text, flags=re.MULTILINE)
