"""Puts what was measured into the document that tells of it."""

from pathlib import Path

__all__ = ["write_results"]


def write_results(document: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- end of NAME -->`, each a line of its own."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = document.read_text().partition(begin)
    document.write_text(f"{before}{begin}\n{text}\n\n{end}{rest.partition(end)[2]}")
